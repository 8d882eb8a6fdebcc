// The page's section about mirroring: where sessions overlap the window, escaped, with links to their flows.
import { beforeAll, expect, test } from 'vitest';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { asks, created, decision, finding, newSession, T0, type Turn } from '../../../pipeline/mirror-audit/plans.ts';
import { putTurn } from '../../shared/mirroring/audited-mirroring.ts';
import { AFTER, NETWORK, WINDOW } from '../flow-rows.ts';
import { serving } from '../serving.ts';
import { putRows } from '../store-of-rows.ts';

const { start, path } = serving();
const PAGE = `?start=${WINDOW.start}&stop=${WINDOW.stop}`;

/** Of an interface, at 05:08:10 and minutes more. */
const made = (minute: number, id: string, on: string, type: string, mode: 'plan' | 'apply' = 'apply'): Turn => {
  const request = asks(finding(`finding-${id}`, T0, { type }));
  return {
    minute: minute - 50,
    requests: [request],
    decisions: [decision(request, { interface: on, instance: 'i-<b>' })],
    actions: [{ kind: 'create-session', decision: 0, session: newSession({ interface: on }) }],
    answers: [created(id, { interface: on, virtualNetworkId: 4711 })],
    more: { id: `plan-${id}`, mode },
  };
};

let store: DirectoryStore;
beforeAll(async () => {
  store = new DirectoryStore(path('mirrored'));
  await putRows(store, 'digests', 'network', NETWORK);
});

const section = async (
  query = PAGE,
): Promise<{ readonly text: string; readonly url: string; readonly etag: string }> => {
  const { url } = await start({ store, clock: new ManualClock(AFTER) });
  const response = await fetch(`${url}/${query}`);
  expect(response.status).toBe(200);
  const [text = ''] = /<section class="mirroring">[\s\S]*?<\/section>/.exec(await response.text()) ?? [];
  return { text, url, etag: response.headers.get('etag') ?? '' };
};

test('says nothing where nothing is mirrored, and shows a session as soon as there is one', async () => {
  const before = await section();
  expect(before.text).toBe('');
  await putTurn(store, made(0, 'tms-1', 'eni-web', 'Recon:EC2/<script>alert(1)</script>'));
  const { text, etag, url } = await section();
  expect(etag).not.toBe(before.etag);
  expect(text).toContain('1 session in this window');
  expect(text.match(/<td[^>]*>.*?<\/td>/g)?.map((cell) => cell.replaceAll(/<[^>]*>/g, ''))).toEqual([
    ...['eni-web', 'i-&lt;b&gt;', 'Recon:EC2/&lt;script&gt;alert(1)&lt;/script&gt;finding-tms-1', '11-20 05:08 to now'],
    ...['apply', '4711', 'rows'],
  ]);
  expect(text).toContain('<div class="table" tabindex="0" role="region" aria-label="Mirroring">');
  const links = [...text.matchAll(/href="([^"]*)"/g)].map(([, link]) => (link ?? '').replaceAll('&amp;', '&'));
  expect(links.map((link) => link.replace(/\?.*/, ''))).toEqual(['/v1/mirroring/sessions', '/', '/v1/rows']);
  const [sessions, page, rows] = await Promise.all(links.map(async (link) => (await fetch(url + link)).text()));
  expect(JSON.parse(sessions)).toMatchObject({ start: WINDOW.start, sessions: [{ session_id: 'tms-1' }] });
  expect(page).toContain('10.0.10.21');
  expect(page).not.toContain('10.0.30.41'); // whom the interface does not talk to
  expect(
    rows
      .trimEnd()
      .split('\n')
      .slice(1)
      .every((row) => row.includes('eni-web')),
  ).toBe(true);
  expect((await section('?start=2026-11-20T04:00:00Z&stop=2026-11-20T04:15:00Z')).text).toBe('');
});

test('names the finding of each row, also of a neighbour, and where the same is found', async () => {
  store = new DirectoryStore(path('elsewhere'));
  const { url } = await start({ store, clock: new ManualClock(AFTER) });
  const page = async () => (await fetch(`${url}/${PAGE}`)).text();
  expect(await page()).not.toContain('mirror sessions');
  const turn = made(0, 'tms-1', 'eni-web', 'x');
  const neighbour = { remote: '198.51.100.7', bytes: 5n, window: 'hour', complete: true };
  await putTurn(store, {
    ...turn,
    decisions: turn.decisions.map((one) => ({ ...one, neighbour: { ...neighbour, interface: 'eni-web' } })),
  });
  const text = await page();
  expect(text).toContain('x (neighbour)<code class="finding">finding-tms-1</code>');
  const [, command] = /<code>(vpcflow mirror sessions [^<]*)<\/code>/.exec(text) ?? [];
  expect(command).toMatch(/ --start 2026-\S+ --stop 2026-\S+ --format csv$/);
  expect(text).toMatch(/<dt>mirroring<\/dt><dd><a href="\/v1\/mirroring\/sessions\?start=[^"]*format=csv">csv<\/a>/);
});

test('shows a few rows of many, and what only was planned', async () => {
  store = new DirectoryStore(path('planned'));
  for (let i = 0; i < 22; i++) await putTurn(store, made(i / 60, `tms-${i}`, `eni-${i}`, 'x', 'plan'));
  const { text } = await section();
  expect(text).toContain('22 sessions in this window, only planned');
  expect(text.match(/<tr>\n/g)).toHaveLength(20);
  expect(text).toContain('2 more sessions not in the table.');
});

test('names what cannot be read', async () => {
  store = new DirectoryStore(path('damaged'));
  await store.put('mirroring/date=2026-11-20/hour=05/x-before.parquet', Buffer.from('no'));
  expect((await section()).text).toMatch(/<p class="notice bad">mirroring\/[^<]* cannot be read/);
});

test('does not make the page wait when the audit takes long to be read', async () => {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const slow = new MemoryStore(new Map(), {
    beforeEach: async (operation, key) => {
      if (operation !== 'list' || !key.startsWith('mirroring/')) return;
      asked.resolve();
      await gate.promise;
    },
  });
  const clock = new ManualClock(AFTER);
  const { url } = await start({ store: slow, clock });
  const page = fetch(`${url}/${PAGE}`);
  await asked.promise;
  await clock.advance(5000);
  expect(await (await page).text()).toContain('The audit of mirroring is still being read');
  gate.resolve();
});
