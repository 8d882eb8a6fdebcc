// Draws keys as AWS and Firehose make them, with the parts that they are made of.
import * as fc from 'fast-check';

const MINUTE = 60_000;

export const ACCOUNTS = ['111111111111', '222222222222', '333333333333'];
export const REGIONS = ['us-east-1', 'eu-central-1', 'us-gov-west-1'];

export interface DrawnKey {
  readonly key: string;
  readonly account: string | null;
  readonly region: string | null;
  /** As its name tells it: of the five minutes, or of the hour. */
  readonly time: number; // Unix ms
}

const two = (n: number): string => String(n).padStart(2, '0');

const stamp = (time: number): string => new Date(time).toISOString().replaceAll(/[-:]/g, '').slice(0, 13);

export const fileName = (account: string, region: string, time: number, hash = 'fe123456'): string =>
  `${account}_vpcflowlogs_${region}_fl-1234abcd_${stamp(time)}Z_${hash}.log.gz`;

export interface Layout {
  readonly root: string; // '' or ending in a slash
  readonly hive: boolean;
  readonly hours: boolean;
  readonly organisation: boolean;
}

export const awsKey = (
  { root, hive, hours, organisation }: Layout,
  account: string,
  region: string,
  time: number,
): string => {
  const day = new Date(time);
  const date = [day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate(), ...(hours ? [day.getUTCHours()] : [])];
  const names = ['year=', 'month=', 'day=', 'hour='];
  const parts = hive
    ? [`aws-account-id=${account}`, 'aws-service=vpcflowlogs', `aws-region=${region}`]
    : [account, 'vpcflowlogs', region];
  const dated = date.map((n, i) => `${hive ? names[i] : ''}${two(n)}`);
  const path = ['AWSLogs', ...(organisation ? ['o-abcdefghij'] : []), ...parts, ...dated].join('/');
  return `${root}${path}/${fileName(account, region, time)}`;
};

/** Around the turns of days, months and years, and anywhere. */
export const times = (step: number): fc.Arbitrary<number> =>
  fc
    .oneof(
      fc.integer({ min: Date.UTC(2019, 0), max: Date.UTC(2027, 0) }),
      fc
        .tuple(
          fc.constantFrom(Date.UTC(2024, 0), Date.UTC(2024, 2), Date.UTC(2024, 1, 29), Date.UTC(2025, 6, 15, 13)),
          fc.integer({ min: -90, max: 90 }),
        )
        .map(([turn, minutes]) => turn + minutes * MINUTE),
    )
    .map((time) => Math.floor(time / step) * step);

export const layouts: fc.Arbitrary<Layout> = fc.record({
  root: fc.constantFrom('', 'logs/', 'a/b/'),
  hive: fc.boolean(),
  hours: fc.boolean(),
  organisation: fc.boolean(),
});

export const awsKeys: fc.Arbitrary<DrawnKey> = fc
  .tuple(layouts, fc.constantFrom(...ACCOUNTS), fc.constantFrom(...REGIONS), times(5 * MINUTE))
  .map(([layout, account, region, time]) => ({ key: awsKey(layout, account, region, time), account, region, time }));

export const firehoseKeys: fc.Arbitrary<DrawnKey> = fc
  .tuple(fc.constantFrom('', 'firehose/', 'logs/flow/'), times(60 * MINUTE))
  .map(([root, time]) => {
    const iso = new Date(time).toISOString();
    const key = `${root}${iso.slice(0, 13).replaceAll(/[-T]/g, '/')}/to-s3-1-${iso.slice(0, 10)}-00-01-02-a1b2`;
    return { key, account: null, region: null, time };
  });
