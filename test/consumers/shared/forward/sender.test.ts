// What is committed reaches Firehose, whatever Firehose does: refuses, throttles, loses answers, hangs, goes away.
import { mkdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { firehoseClient } from '../../../../consumers/shared/forward/firehose.ts';
import { putBatch } from '../../../../consumers/shared/forward/put-batch.ts';
import { Spool } from '../../../../consumers/shared/forward/spool.ts';
import { serialize } from '../../../../pipeline/documents.ts';
import { idsOf } from '../../../fakes/firehose-http.ts';
import { until } from '../../../until.ts';
import { ForwardBed } from './bed.ts';
import { commit, epoch, type TestEpoch } from './epochs.ts';

let bed: ForwardBed;
beforeEach(async () => {
  bed = await ForwardBed.open();
});
afterEach(async () => {
  await bed.close();
});

const epochs = (...rows: readonly number[]): Promise<readonly TestEpoch[]> =>
  Promise.all(rows.map((count, n) => epoch(n, count, n % 3)));

const commitAll = async (all: readonly TestEpoch[]): Promise<void> => {
  const stager = bed.stager();
  for (const one of all) expect(await commit(bed.store, one, stager)).toBe('committed');
};

const expectSent = async (all: readonly TestEpoch[]): Promise<void> => {
  await until('the spool is empty', async () => (await bed.files('ready')).length === 0);
  expect([...idsOf(bed.firehose.records)].sort()).toEqual(all.flatMap(({ ids }) => ids).sort());
};

describe('everything that is committed is sent', () => {
  test('rows and rejects, each once, in calls within the limits', async () => {
    const all = await epochs(1, 3, 1200, 40);
    bed.sender();
    await commitAll(all);
    await expectSent(all);
    const count = all.flatMap(({ ids }) => ids).length;
    expect(bed.firehose.records.length).toBe(count);
    expect(bed.counts).toMatchObject({ forwarded: count, forwardRetries: 0, forwardDropped: 0 });
    await until('the spool is measured', () => bed.counts.forwardSpool === 0);
    const kinds = bed.firehose.records.map((line) => JSON.parse(line).kind);
    expect(kinds.filter((kind) => kind === 'reject').length).toBe(3);
    expect(bed.said.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  test('only the records that a call refused are sent again', async () => {
    const all = await epochs(700);
    bed.firehose.answer = (call) => (call < 3 ? { refuse: (i) => i % 10 === 0 } : 'take');
    bed.sender();
    await commitAll(all);
    await expectSent(all);
    expect(bed.firehose.records.length).toBe(700);
    expect(bed.counts.forwarded).toBe(700);
    expect(bed.counts.forwardRetries).toBe(bed.firehose.calls.reduce((sum, n) => sum + n) - 700);
    expect(bed.counts.forwardRetries).toBeLessThan(100);
    expect(bed.said.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { why: 'ServiceUnavailableException: Slow down.' } },
    ]);
  });

  test('throttled, failed, and answers that were lost: at least once, with the same ids', async () => {
    const all = await epochs(300, 900, 20);
    const faults = [
      ...([
        { error: 'ServiceUnavailableException', status: 503 },
        'lose',
        { error: 'InternalFailure', status: 500 },
      ] as const),
      ...(['lose', { error: 'LimitExceededException' }, { refuse: () => true }] as const),
    ];
    bed.firehose.answer = (call) => faults[call] ?? 'take';
    bed.sender();
    await commitAll(all);
    await expectSent(all);
    expect(bed.firehose.records.length).toBeGreaterThan(all.flatMap(({ ids }) => ids).length);
    expect(bed.said.filter(({ level }) => level === 'warn').length).toBe(1); // in a minute
  });

  test('down for a while: it waits on disk, and is sent when the stream is back', async () => {
    const all = await epochs(10, 20, 30);
    bed.firehose.answer = () => ({ error: 'InternalFailure', status: 500 });
    bed.sender();
    await commitAll(all);
    await until('it was tried', () => bed.firehose.calls.length > 6);
    expect((await bed.files('ready')).length).toBe(3);
    expect(bed.firehose.records).toEqual([]);
    await until('the spool is measured', () => (bed.counts.forwardSpool ?? 0) > 0);
    bed.firehose.answer = () => 'take';
    await expectSent(all);
    expect(bed.said.map(({ message }) => message)).toContain('the Firehose stream takes records again');
  });

  test('a part of a file that is always refused does not hold up the rest of it', async () => {
    const all = await epochs(2000);
    bed.firehose.answer = () => ({ refuse: (i) => i === 7 });
    bed.sender();
    await commitAll(all);
    await until('all but the refused ones', () => bed.firehose.records.length >= 1990);
    bed.firehose.answer = () => 'take';
    await expectSent(all);
    expect(bed.firehose.records.length).toBe(2000);
  });
});

describe('digests do not wait', () => {
  test('a stream that hangs: epochs are committed, and the end does not wait longer than it may', async () => {
    const all = await epochs(10, 20, 30, 40, 50);
    bed.firehose.answer = () => 'hang';
    const sender = bed.sender();
    await commitAll(all);
    await until('it was tried', () => bed.firehose.calls.length > 0);
    await sender.close(1000);
    expect((await bed.files('ready')).length).toBe(5);
    bed.firehose.answer = () => 'take';
    bed.sender(); // the next start
    await expectSent(all);
  });

  test('what is ready is sent before the end', async () => {
    const all = await epochs(10, 20, 30);
    const sender = bed.sender();
    await until('it looks', () => bed.counts.forwardSpool === 0);
    await commitAll(all);
    await sender.close(60_000);
    expect(await bed.files('ready')).toEqual([]);
    expect(idsOf(bed.firehose.records).size).toBe(all.flatMap(({ ids }) => ids).length);
  });

  test('an attempt that is cut short is not counted', async () => {
    const cut = new AbortController();
    const client = firehoseClient('us-east-1');
    bed.firehose.answer = () => 'hang';
    const { meter, clock } = bed;
    const put = putBatch([Buffer.from('a\n')], {
      ...{ client, stream: 'siem', meter, clock, signal: cut.signal, onAnswer: () => undefined },
    });
    await until('it was tried', () => bed.firehose.calls.length > 0);
    cut.abort();
    expect(await put).toBe(false);
    client.destroy();
    expect(bed.counts.forwarded).toBeUndefined();
  });
});

describe('what another process left', () => {
  /** Staged, and its process ended before or after the commit. */
  const leave = async (one: TestEpoch, committed: boolean): Promise<void> => {
    const dead = new Error('it ends here');
    const store = bed.store.client({
      [committed ? 'afterEach' : 'beforeEach']: () => {
        throw dead;
      },
    });
    await expect(commit(store, one, bed.stager())).rejects.toThrow(dead);
    expect((await bed.files('staged')).length).toBe(1);
  };

  test('is sent when its commit is there', async () => {
    const [one] = await epochs(5);
    await leave(one!, true);
    bed.sender();
    await until('it is sent', () => bed.firehose.records.length === 5);
    await expectSent([one!]);
  });

  test('is not sent without a commit: it waits an hour for one, and is removed', async () => {
    const [one] = await epochs(5);
    await leave(one!, false);
    bed.sender();
    await until('the sender looks', () => (bed.counts.forwardSpool ?? 0) > 0);
    expect((await bed.files('staged')).length).toBe(1);
    bed.clock.ahead = 3_700_000;
    await until('it is removed', async () => (await bed.files('staged')).length === 0);
    expect(bed.firehose.records).toEqual([]);
  });

  test('is sent when the commit lands after its process', async () => {
    const [one] = await epochs(5);
    await leave(one!, false);
    bed.sender();
    await until('the sender looks', () => (bed.counts.forwardSpool ?? 0) > 0);
    await commit(bed.store, one!, { stage: async () => ({ release: async () => {}, discard: async () => {} }) });
    bed.clock.ahead = 60_000;
    await until('it is sent', () => bed.firehose.records.length === 5);
    await expectSent([one!]);
  });

  test('is removed at once when a tombstone stands in its place', async () => {
    const [one] = await epochs(5);
    await leave(one!, false);
    const { source, claim, arrival } = one!.head;
    await bed.store.put(one!.commit, serialize({ kind: 'tombstone', source, claim, arrival, last: '1', removed: [] }));
    bed.sender();
    await until('it is removed', async () => (await bed.files('staged')).length === 0);
    expect(bed.firehose.records).toEqual([]);
  });

  test('an epoch that is committed by two is sent twice, with the same ids', async () => {
    const all = await epochs(5);
    await commitAll(all);
    await commitAll(all);
    bed.sender();
    await until('both are sent', () => bed.firehose.records.length === 10);
    await expectSent(all);
  });

  test('a store that is away is asked again', async () => {
    const [one] = await epochs(5);
    await leave(one!, true);
    let away = 3;
    bed.store.hooks.beforeEach = () => {
      if (away-- > 0) throw new Error('away');
    };
    bed.sender();
    await until('it is sent', () => bed.firehose.records.length === 5);
    await expectSent([one!]);
    expect(away).toBeLessThan(0);
  });
});

describe('the spool', () => {
  test('is sent from by one process, and by the next when that has ended', async () => {
    const first = bed.sender();
    await until('it looks', () => bed.counts.forwardSpool === 0);
    bed.firehose.answer = () => 'hang';
    const all = await epochs(5);
    await commitAll(all);
    await until('it was tried', () => bed.firehose.calls.length === 1);
    bed.sender();
    await until('the second has looked', () => bed.said.some(({ message }) => message.startsWith('another worker')));
    expect(bed.firehose.calls.length).toBe(1);
    bed.firehose.answer = () => 'take';
    await first.close(0);
    await expectSent(all);
    expect(bed.firehose.records.length).toBe(5);
  });

  test('a file that is damaged is set aside and counted, and the others are sent', async () => {
    const all = await epochs(50, 60, 70, 80);
    await commitAll(all);
    const [first, second, third] = (await bed.files('ready')).toSorted().map((name) => join(bed.spool, name));
    await writeFile(first!, 'no entry');
    await writeFile(second!, (await readFile(second!)).subarray(0, -200)); // the disk lost its end
    const bytes = await readFile(third!);
    bytes.fill(0, bytes.length >> 1);
    await writeFile(third!, bytes);
    bed.sender();
    await until('the last is sent', async () => (await bed.files('ready')).length === 0);
    expect([...idsOf(bed.firehose.records)].filter((id) => all[3]!.ids.includes(id)).length).toBe(all[3]!.ids.length);
    expect((await bed.files('damaged')).length).toBe(3);
    const dropped = all.slice(0, 3).flatMap(({ ids }) => ids).length;
    const some = bed.firehose.records.length - all[3]!.ids.length;
    expect(bed.counts.forwardDropped).toBe(dropped - some);
    expect(bed.said.filter(({ level }) => level === 'error').length).toBe(3);
  });

  test('a file that the system does not give stays, and the others are sent', async () => {
    const all = await epochs(5, 6);
    await commitAll(all);
    const [first] = (await bed.files('ready')).toSorted();
    await rename(join(bed.spool, first!), join(bed.directory, 'away'));
    await mkdir(join(bed.spool, first!)); // it can be opened, and not be read
    bed.sender();
    await until('the other is sent', () => bed.firehose.records.length === all[1]!.ids.length);
    await until('it is told', () => bed.said.some(({ fields }) => String(fields.error).includes('EISDIR')));
    await rmdir(join(bed.spool, first!));
    await rename(join(bed.directory, 'away'), join(bed.spool, first!));
    await expectSent(all);
    expect(bed.counts.forwardDropped).toBe(0);
  });

  test('passes over files that are not its own', async () => {
    const all = await epochs(5);
    await commitAll(all);
    const [name] = await bed.files('ready');
    await writeFile(join(bed.spool, 'notes.ready'), 'x');
    await rename(join(bed.spool, name!), join(bed.spool, `${name}.kept`));
    expect(await new Spool(bed.spool).list()).toEqual([]);
  });
});
