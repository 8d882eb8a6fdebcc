// `vpcflow mirror sessions`: the answer of the audit as a table for people and as text for programs.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../../../consumers/mirror/commands/sessions.ts';
import { readOptions } from '../../../../consumers/shared/read-options.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { asks, decision, finding, MINUTE, T0 } from '../../../pipeline/mirror-audit/plans.ts';
import { ENDED, LAUNCHED, MADE, putTurn } from '../../shared/mirroring/audited-mirroring.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-mirror-'));
  const store = new DirectoryStore(join(directory, 'store'));
  for (const turn of [LAUNCHED, MADE, ENDED]) await putTurn(store, turn);
  const hostile = asks(finding('f\u001b[31m', T0, { type: 'x\ny' }));
  await putTurn(store, {
    minute: 1,
    requests: [hostile],
    decisions: [decision(hostile, { outcome: 'refuse', reason: 'no_rule', detail: '' })],
  });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const KEYS = [
  'store',
  'finding',
  'interface',
  'instance',
  'sessionState',
  'start',
  'stop',
  'mirrorFormat',
  'mirrorConfig',
] as const;

async function sessions(given: Readonly<Record<string, string>>, store = 'store') {
  const pieces: Record<'out' | 'err', string> = { out: '', err: '' };
  const into = (name: 'out' | 'err') =>
    new Writable({
      write: (piece, _encoding, done) => {
        pieces[name] += String(piece);
        done();
      },
    });
  const status = await run({
    args: [],
    options: readOptions({ options: KEYS, required: [] }, { store: join(directory, store), ...given }, {}),
    ...{ stdout: into('out'), stderr: into('err'), clock: new ManualClock(T0 + 40 * MINUTE) },
    signal: new AbortController().signal,
  });
  return { status, ...pieces };
}

describe('a table', () => {
  test('says which packets there are, and who has none', async () => {
    const { status, out, err } = await sessions({});
    expect([status, err]).toEqual([0, '']);
    expect(out).toBe(
      [
        'STATE   FROM                  TO                    INTERFACE  INSTANCE  SESSION  TARGET  VNI   NUMBER  FILTER  BYTES  RULE     CAUSE    FINDING     TYPE',
        'active  2026-11-18T05:58:10Z  -                     eni-8      i-8       tms-8    tmt-1   7     1       tmf-1   256    tags[0]  launch   -           -',
        'ended   2026-11-20T05:58:10Z  2026-11-20T06:28:10Z  eni-1      i-1       tms-1    tmt-1   4711  1       tmf-1   256    tags[0]  finding  f-mirrored  UnauthorizedAccess:EC2/SSHBruteForce',
        '',
        '2 sessions, 1 of them active',
        '',
        'Without a session:',
        '  2026-11-20T05:58:10Z  refused  eni-2, i-2, finding f-refused (Recon:EC2/Portscan): the interface has its three sessions: eni-2 has 3',
        '  2026-11-20T05:58:10Z  waiting  i-3, finding f-waits (UnauthorizedAccess:EC2/SSHBruteForce): a target instance is starting: i-9 is pending',
        '  2026-11-20T05:59:10Z  refused  eni-1, i-1, finding f\\u001b[31m (x\\u000ay): no rule matches',
        '',
      ].join('\n'),
    );
  });

  test('of a finding is about whenever, and says also that there is nothing', async () => {
    expect((await sessions({ finding: 'nobody' })).out).toBe('no session\n');
    expect((await sessions({ state: 'ended', start: '2026-11-20T06:29:00Z' })).out).toBe('no session\n');
    expect((await sessions({ finding: 'f-mirrored' })).out).toMatch(/tms-1 (?:.*\n)+1 session, ended\n/);
    expect((await sessions({ instance: 'i-8' })).out).toContain('\n1 session, active\n');
  });
});

test('for programs it is JSON, CSV and NDJSON', async () => {
  expect(JSON.parse((await sessions({ format: 'json', interface: 'eni-1' })).out)).toMatchObject({
    start: '2026-11-19T06:39:00Z',
    sessions: [{ session_id: 'tms-1' }],
    without: [{ state: 'refused' }],
  });
  // A header, two sessions, three decisions, of which one has a line break, and the end.
  expect((await sessions({ format: 'csv' })).out.split('\n')).toHaveLength(8);
  const [first] = (await sessions({ format: 'ndjson' })).out.split('\n');
  expect(JSON.parse(first)).toMatchObject({ session_id: 'tms-8', state: 'active', rule: 'tags[0]' });
});

test('takes no id of another kind', async () => {
  for (const given of [{ interface: 'i-1' }, { instance: 'eni-1' }, { interface: 'eni-zz' }]) {
    const failed = await sessions(given).catch((error: unknown) => error);
    expect(failed instanceof VpcflowError && failed.message).toMatch(/^--(interface|instance) needs the id of an /);
  }
});

test('a store that is not there is no empty answer', async () => {
  const failed = await sessions({}, 'elsewhere').catch((error: unknown) => error);
  expect(failed instanceof VpcflowError && failed.code).toBe('VF_STORE_MISSING');
});

test('what cannot be read is named', async () => {
  const store = new DirectoryStore(join(directory, 'damaged'));
  await putTurn(store, MADE);
  await store.put('mirroring/date=2026-11-20/hour=06/x-before.parquet', Buffer.from('no'));
  const { status, err } = await sessions({}, 'damaged');
  expect([status, err]).toEqual([0, expect.stringMatching(/^vpcflow: mirroring\/.*x-before\.parquet cannot be read/)]);
});
