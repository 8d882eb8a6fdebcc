// A small network as digest rows, for tests of what is drawn and shown: web, application and database, and a scanner.
import type { Row } from '../../fakes/parquet-rows.ts';

export const WINDOW = { start: '2026-11-20T05:00:00Z', stop: '2026-11-20T05:15:00Z' } as const;
/** Right after the window. */
export const AFTER = Date.parse('2026-11-20T05:15:20Z');

const MINUTE = '2026-11-20T05:05:00Z';
const SECONDS = Date.parse(MINUTE) / 1000;

/** One row: `from` and `to` as address and port. */
export const flowRow = (
  interface_id: string,
  [srcaddr, srcport]: readonly [string | null, number],
  [dstaddr, dstport]: readonly [string | null, number],
  rest: Row = {},
): Row => ({
  ...{ minute: MINUTE, account_id: '111122223333', interface_id, srcaddr, dstaddr, srcport, dstport, protocol: 6 },
  ...{ action: 'ACCEPT', flows: 1, packets: 10, bytes: 1000, start: SECONDS + 2, end: SECONDS + 58 },
  ...rest,
});

const WEB = '10.0.10.21';
const APPLICATION = '10.0.20.31';
const DATABASE = '10.0.30.41';

export const NETWORK: readonly Row[] = [
  flowRow('eni-web', ['203.0.113.5', 0], [WEB, 443], { bytes: 4000 }),
  flowRow('eni-web', [WEB, 443], ['203.0.113.5', 0], { bytes: 90_000 }),
  flowRow('eni-web', ['203.0.113.6', 0], [WEB, 443], { bytes: 3000 }),
  flowRow('eni-web', [WEB, 0], [APPLICATION, 8080], { bytes: 20_000 }),
  flowRow('eni-app', [WEB, 0], [APPLICATION, 8080], { bytes: 19_000 }),
  flowRow('eni-app', [APPLICATION, 0], [DATABASE, 5432], { bytes: 50_000 }),
  flowRow('eni-db', [APPLICATION, 0], [DATABASE, 5432], { bytes: 50_000 }),
  flowRow('eni-web', ['198.51.100.99', 40_000], [WEB, 50_000], { action: 'REJECT', bytes: 44, flows: 7 }),
];

/** Names that would be code if they were not escaped. Nobody's parser lets them in; a store can still hold them. */
export const HOSTILE: readonly Row[] = [
  flowRow('<script>document.title="owned"</script>', ['"><img src=x onerror=alert(1)>', 0], ['</title><b>', 443], {
    flow_direction: 'egress',
  }),
  flowRow("eni-'&amp;\\N", [null, 0], ['javascript:alert(1)', 443], { flow_direction: 'egress' }),
];
