// The audit of mirroring on its way to Firehose: each row that is in the store is sent, whoever died before.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Forwarder } from '../../../../consumers/shared/forward/forwarder.ts';
import { auditKey, putAudit } from '../../../../consumers/shared/mirroring/audit-files.ts';
import { EMPTY_ROW } from '../../../../pipeline/mirror-audit/plan-rows.ts';
import type { MirroringRow } from '../../../../schemas/mirroring/audit-row.ts';
import { until } from '../../../until.ts';
import { ForwardBed } from './bed.ts';

const T0 = Date.UTC(2026, 10, 20, 5, 58, 10, 250);
const KEY = auditKey(T0, 'p', 'before');
const PLACE = { time: T0, plan: 'p', half: 'before' } as const;
const row = (seq: number, more: Partial<MirroringRow> = {}): MirroringRow => ({
  ...EMPTY_ROW,
  time: T0,
  plan: 'p',
  seq,
  ...more,
});
const ROWS = [row(0, { detail: 'a "b"\n', ok: false, neighbour_bytes: 2n ** 60n + 1n, finding_severity: 7.5 }), row(1)];

let bed: ForwardBed;
beforeEach(async () => {
  bed = await ForwardBed.open();
});
afterEach(() => bed.close());

test('each row is a line with an id, and the columns that have a value', async () => {
  expect(await putAudit(bed.store, PLACE, ROWS, bed.stager({ what: 'mirroring' }))).toBe('stored');
  bed.sender();
  await until('the rows are sent', async () => bed.firehose.records.length === 2);
  const time = '"time":"2026-11-20T05:58:10.250Z","plan":"p"';
  expect(bed.firehose.records).toEqual([
    `{"kind":"mirroring","id":"${KEY}#0",${time},"seq":0,"finding_severity":7.5,"detail":"a \\"b\\"\\n","ok":false,"neighbour_bytes":1152921504606846977}\n`,
    `{"kind":"mirroring","id":"${KEY}#1",${time},"seq":1}\n`,
  ]);
});

/** Dies where it would say that the object is there. */
const dying = (forward: Forwarder): Forwarder => ({
  stage: async (epoch) => ({ ...(await forward.stage(epoch)), release: () => Promise.reject(new Error('killed')) }),
});

test('what a process left that died after its object was durable is sent by the next one', async () => {
  await expect(putAudit(bed.store, PLACE, ROWS, dying(bed.stager({ what: 'mirroring' })))).rejects.toThrow('killed');
  expect(await bed.files('staged')).toHaveLength(1);
  bed.sender();
  await until('the rows are sent', async () => bed.firehose.records.length === 2);
});

test('rows that are not in the store are not sent, nor those that another process wrote', async () => {
  const store = bed.store.client({
    beforeEach: (operation) => {
      if (operation === 'put') throw new Error('no store');
    },
  });
  await expect(putAudit(store, PLACE, ROWS, bed.stager({ what: 'mirroring' }))).rejects.toThrow('no store');
  await putAudit(bed.store, { ...PLACE, plan: 'q' }, [row(0)]);
  expect(await putAudit(bed.store, { ...PLACE, plan: 'q' }, ROWS, bed.stager({ what: 'mirroring' }))).toBe('exists');
  expect([await bed.files('staged'), await bed.files('ready')]).toEqual([[expect.anything()], []]);
  bed.clock.ahead = 7_200_000;
  bed.sender();
  await until('it is given up', async () => (await bed.files('staged')).length === 0);
  expect(bed.firehose.records).toEqual([]);
});

test('a spool that cannot be written is counted, and the audit goes on', async () => {
  const stager = bed.stager({ what: 'mirroring', directory: '/dev/null/spool' });
  expect(await putAudit(bed.store, PLACE, ROWS, stager)).toBe('stored');
  expect(bed.counts.forwardDropped).toBe(2);
});
