// /v1/mirroring/sessions on a real socket: which packets there are of a finding, and why there are none.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { MIRRORING_BODIES } from '../../../../consumers/query/openapi/mirroring-bodies.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { SESSION_COLUMNS } from '../../../../pipeline/mirror-audit/mirroring-answer.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MINUTE, T0 } from '../../../pipeline/mirror-audit/plans.ts';
import { ENDED, LAUNCHED, MADE, putTurn } from '../../shared/mirroring/audited-mirroring.ts';
import { serving } from '../serving.ts';

const { start, path } = serving();

let stores = 0;
let store: DirectoryStore;
let clock: ManualClock;
beforeEach(async () => {
  store = new DirectoryStore(path(`mirroring-${stores++}`));
  clock = new ManualClock(T0 + 40 * MINUTE);
  for (const turn of [LAUNCHED, MADE, ENDED]) await putTurn(store, turn);
});

interface Answer {
  readonly start: string | null;
  readonly stop: string | null;
  readonly complete: boolean;
  readonly warnings: readonly string[];
  readonly sessions: readonly Record<string, unknown>[];
  readonly carriers: readonly Record<string, unknown>[];
  readonly without: readonly Record<string, unknown>[];
}

const ask = async (query = ''): Promise<Answer> => {
  const { url } = await start({ store, clock });
  const response = await fetch(`${url}/v1/mirroring/sessions${query}`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  return (await response.json()) as Answer;
};
const ids = ({ sessions }: Answer) => sessions.map((one) => one.session_id);
const states = ({ without }: Answer) => without.map((one) => `${one.state} ${one.finding_id}`);

describe('the answer', () => {
  test('has the packets of the finding: of which interface, where to, from when to when, and why', async () => {
    const { sessions, without, ...rest } = await ask('?finding=f-mirrored');
    expect(rest).toEqual({
      start: null,
      stop: null,
      complete: true,
      watermark: '2026-11-20T06:28:10.350Z',
      warnings: [],
      carriers: [],
    });
    expect(without).toEqual([]);
    expect(sessions).toEqual([
      {
        ...{ state: 'ended', from: '2026-11-20T05:58:10.350Z', to: '2026-11-20T06:28:10.350Z', interface_id: 'eni-1' },
        ...{ instance_id: 'i-1', session_id: 'tms-1', target_id: 'tmt-1', virtual_network_id: 4711, session_number: 1 },
        ...{ filter_id: 'tmf-1', packet_length: 256, mode: 'apply', cause: 'finding', finding_id: 'f-mirrored' },
        ...{ finding_type: 'UnauthorizedAccess:EC2/SSHBruteForce', rule: 'tags[0]', neighbour: false },
        ...{ expires: '2026-11-20T06:28:10.250Z', ended_by: 'expired', why: 'the rule tags[0] matches' },
        ...{ carried_by: null, account_id: '123456789012', region: 'eu-central-1' },
      },
    ]);
  });

  test('explains why there are none', async () => {
    const { sessions, without } = await ask('?finding=f-refused');
    expect(sessions).toEqual([]);
    expect(without).toEqual([
      expect.objectContaining({
        ...{ state: 'refused', from: '2026-11-20T05:58:10.250Z', to: null, interface_id: 'eni-2', session_id: null },
        why: 'the interface has its three sessions: eni-2 has 3',
      }),
    ]);
    expect(states(await ask('?finding=f-waits'))).toEqual(['waiting f-waits']);
  });

  test('is about the last day, or the window, whenever the sessions in it began', async () => {
    const day = await ask();
    expect([day.start, day.stop]).toEqual(['2026-11-19T06:39:00Z', '2026-11-20T06:39:00Z']);
    expect([ids(day), states(day)]).toEqual([
      ['tms-8', 'tms-1'],
      ['refused f-refused', 'waiting f-waits'],
    ]);
    const later = await ask('?start=2026-11-20T06:29:00Z');
    expect([ids(later), later.without]).toEqual([['tms-8'], []]);
    expect(ids(await ask('?start=2026-11-18T00:00:00Z&stop=2026-11-18T05:58:00Z'))).toEqual([]);
    expect(ids(await ask('?start=2026-11-18T00:00:00Z&stop=2026-11-18T05:59:00Z'))).toEqual(['tms-8']);
  });

  test.each([
    ['?state=active', ['tms-8'], []],
    ['?state=ended', ['tms-1'], []],
    ['?interface=eni-1', ['tms-1'], []],
    ['?interface=eni-2', [], ['refused f-refused']],
    ['?instance=i-8', ['tms-8'], []],
    ['?finding=nobody', [], []],
  ])('is that of what is asked for: %s', async (query, sessions, without) => {
    const answer = await ask(query);
    expect([ids(answer), states(answer)]).toEqual([sessions, without]);
  });

  test('has what was written since the last question', async () => {
    const { url } = await start({ store, clock });
    const count = async () => ((await (await fetch(`${url}/v1/mirroring/sessions`)).json()) as Answer).sessions.length;
    expect(await count()).toBe(2);
    await putTurn(store, {
      ...LAUNCHED,
      minute: 35,
      more: { id: 'plan-again' },
      answers: [{ ok: true, value: { id: 'tms-9' } }],
    });
    expect(await count()).toBe(3);
    expect(await Promise.all(Array.from({ length: 5 }, count))).toEqual([3, 3, 3, 3, 3]);
  });

  test('names what cannot be read, in JSON and in a header, each time', async () => {
    const key = 'mirroring/date=2026-11-20/hour=06/plan-000030-after.parquet';
    await store.put(key, Buffer.from('no Parquet'));
    const { url } = await start({ store, clock });
    for (const _ of [1, 2]) {
      const response = await fetch(`${url}/v1/mirroring/sessions?finding=f-mirrored`);
      expect(response.headers.get('x-vpcflow-warnings')).toContain(`${key} cannot be read`);
      expect(response.headers.get('x-vpcflow-complete')).toBe('false');
      const answer = (await response.json()) as Answer;
      expect(answer.complete).toBe(false);
      expect(answer.warnings).toEqual([expect.stringContaining(`${key} cannot be read`)]);
      expect(answer.sessions).toMatchObject([{ session_id: 'tms-1', state: 'active', to: null }]);
    }
  });
});

describe('over HTTP', () => {
  test('it says whether it is whole, up to when, and when the store was read', async () => {
    const { url } = await start({ store, clock });
    const said = async () => {
      const { status, headers } = await fetch(`${url}/v1/mirroring/sessions?format=csv`);
      return [status, ...['complete', 'watermark', 'as-of'].map((name) => headers.get(`x-vpcflow-${name}`))];
    };
    expect(await said()).toEqual([200, 'true', '2026-11-20T06:28:10.350Z', new Date(clock.now()).toISOString()]);
    await clock.advance(MINUTE);
    expect((await said()).at(-1)).toBe(new Date(T0 + 41 * MINUTE).toISOString());
    store = new DirectoryStore(path('without-audit'));
    const { url: other } = await start({ store, clock });
    const { headers } = await fetch(`${other}/v1/mirroring/sessions`);
    expect([headers.get('x-vpcflow-complete'), headers.get('x-vpcflow-watermark')]).toEqual(['true', 'none']);
  });

  test('it is as /openapi.json says', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const [name, schema] of Object.entries(MIRRORING_BODIES))
      ajv.addSchema(schema, `#/components/schemas/${name}`);
    const fits = ajv.getSchema('#/components/schemas/MirroringSessions');
    for (const query of ['', '?finding=f-refused']) {
      expect(fits?.(await ask(query)), JSON.stringify(fits?.errors)).toBe(true);
    }
  });

  test.each([
    ['csv', 'text/csv; charset=utf-8; header=present'],
    ['ndjson', 'application/x-ndjson'],
  ] as const)('it is %s too: sessions, then what has none', async (format, type) => {
    const { url } = await start({ store, clock });
    const response = await fetch(`${url}/v1/mirroring/sessions?format=${format}`);
    expect(response.headers.get('content-type')).toBe(type);
    const lines = (await response.text()).trimEnd().split('\n');
    const names = SESSION_COLUMNS.map(({ name }) => name);
    if (format === 'csv') {
      expect(lines.shift()).toBe(names.join(','));
      expect(lines.map((line) => line.split(',')[0])).toEqual(['active', 'ended', 'refused', 'waiting']);
    } else {
      const rows = lines.map((line) => JSON.parse(line));
      expect(rows.map(({ state }) => state)).toEqual(['active', 'ended', 'refused', 'waiting']);
      for (const row of rows) expect(Object.keys(row)).toEqual(names);
    }
  });

  test('it has an entity tag, and nothing for who has it', async () => {
    const { url } = await start({ store, clock });
    const first = await fetch(`${url}/v1/mirroring/sessions`);
    const etag = first.headers.get('etag') ?? '';
    const again = await fetch(`${url}/v1/mirroring/sessions`, { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    await putTurn(store, {
      ...LAUNCHED,
      minute: 35,
      more: { id: 'plan-again' },
      answers: [{ ok: true, value: { id: 'tms-9' } }],
    });
    expect((await fetch(`${url}/v1/mirroring/sessions`, { headers: { 'if-none-match': etag } })).status).toBe(200);
  });

  test.each([
    ['?state=gone', 'VF_BAD_PARAMETER'],
    ['?session=tms-1', 'VF_BAD_PARAMETER'],
    ['?interface=eni-zz', 'VF_BAD_PARAMETER', 'interface needs the id of an interface: eni-…, not "eni-zz"'],
    ['?interface=i-1', 'VF_BAD_PARAMETER', 'interface needs the id of an interface: eni-…, not "i-1"'],
    ['?instance=eni-1', 'VF_BAD_PARAMETER', 'instance needs the id of an instance: i-…, not "eni-1"'],
    ['?finding=', 'VF_BAD_PARAMETER', 'finding is empty'],
    ['?start=then', 'VF_BAD_TIME'],
    ['?stop=now', 'VF_BAD_TIME'],
    ['?start=now&stop=now-1h', 'VF_BAD_WINDOW'],
  ])('%s is a problem', async (query, code, message = '') => {
    const { url } = await start({ store, clock });
    const response = await fetch(`${url}/v1/mirroring/sessions${query}`);
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ code, detail: expect.stringContaining(message) }),
    ]);
  });
});
