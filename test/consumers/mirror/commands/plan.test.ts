// `vpcflow mirror plan` as it is run: what would become of a finding or an instance, in words and as JSON.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureLayout } from '../../../../consumers/shared/store/layout.ts';
import { flowRow } from '../../query/flow-rows.ts';
import { putRows } from '../../query/store-of-rows.ts';
import { findingEvent, findingId } from '../bridge-events.ts';
import { CommandBed, NOW, RULES, worldOf } from './command-bed.ts';

const REMOTE = '198.51.100.7';

let bed: CommandBed;
beforeEach(async () => {
  const world = worldOf(3);
  bed = await CommandBed.open({
    ...world,
    instances: [...world.instances!, { id: 'i-gone', state: 'terminated', interfaces: [] }],
  });
});
afterEach(() => bed.close());

/** A finding about `i-1`, as old as a file may be. */
const event = (more: Partial<Parameters<typeof findingEvent>[0]> = {}) =>
  findingEvent({ id: 'brute', instance: 'i-1', at: Date.UTC(2026, 4, 1), remote: REMOTE, ...more });

const planOf = async (value: unknown, given: Readonly<Record<string, string>> = {}) => {
  const path = await bed.file('finding.json', typeof value === 'string' ? value : JSON.stringify(value));
  return bed.run(['plan', path], { given });
};

describe('plan', () => {
  test('says why, by which rule, which calls and what it costs, and changes nothing', async () => {
    const { status, stdout, stderr } = await planOf(event());
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(': account 123456789012, us-east-1, mode apply\n');
    expect(stdout).toContain(`finding ${findingId('brute')}, UnauthorizedAccess:EC2/SSHBruteForce, severity 8, `);
    expect(stdout).toContain('taken as if it came now; it was last updated at 2026-05-01T00:00:00Z\n');
    expect(stdout).toContain('create  eni-1 of i-1  rule vpcs[0]\n    wanted: a rule matches, until 2026-11-20T07:');
    expect(stdout).toContain('> create session: eni-1 to tmt-nlb, number 1, filter tmf-1, whole packets\n');
    expect(stdout).toContain('1 session more: 0.015 USD an hour');
    expect(bed.ec2.changes()).toEqual([]);
    expect(await bed.audit()).toEqual([]);
  });

  test('takes the detail of an event alone, an instance id, and several at once', async () => {
    const bare = await planOf(event().detail, { format: 'json' });
    expect(JSON.parse(bare.stdout)).toMatchObject({
      ...{ account: '123456789012', region: 'us-east-1', mode: 'apply', costPerHour: 0.015 },
      finding: { id: findingId('brute'), updatedAt: '2026-05-01T00:00:00Z' },
      decisions: [{ outcome: 'create', reason: 'wanted', why: 'a rule matches', interface: 'eni-1', rule: 'vpcs[0]' }],
      calls: [{ kind: 'create-session', session: { interface: 'eni-1', target: 'tmt-nlb', number: 1 } }],
    });
    const two = await bed.run(['plan', 'i-2', 'i-3'], { given: { format: 'json' } });
    const values = two.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(values.map(({ what, finding, decisions }) => [what, finding, decisions[0].interface])).toEqual([
      ['i-2', null, 'eni-2'],
      ['i-3', null, 'eni-3'],
    ]);
    const launched = await bed.run(['plan', 'i-2'], { given: { enable: 'launches' } });
    expect(launched.stdout).toContain('launch/i-2\n  create  eni-2 of i-2');
    const disabled = await bed.run(['plan', 'i-2'], { given: { enable: 'findings' } });
    expect(disabled.stdout).toContain('disabled: the rule file does not enable this cause');
  });

  test('names the neighbours, and the digests that say so', async () => {
    await bed.rules(RULES, 'neighbours: 2');
    const minute = new Date(NOW - 120_000).toISOString();
    await putRows(bed.store, 'digests', 'one', [
      flowRow('eni-1', [REMOTE, 0], ['10.99.0.1', 22], { minute, account_id: null, bytes: 9_000_000 }),
      flowRow('eni-2', [REMOTE, 0], ['10.99.0.2', 22], { minute, account_id: null, bytes: 5_000_000 }),
    ]);
    const on = { interface: 'eni-1', address: '10.99.0.1' };
    const { stdout } = await planOf(event({ on }), { format: 'json' });
    const { decisions, costPerHour } = JSON.parse(stdout);
    expect(costPerHour).toBe(0.03);
    const window = '2026-11-20T05:10:00Z/2026-11-20T06:10:00Z';
    expect(decisions).toMatchObject([
      { outcome: 'create', interface: 'eni-1', neighbour: null },
      { outcome: 'create', interface: 'eni-2', neighbour: { interface: 'eni-2', bytes: '5000000', window } },
    ]);
  });
});

test('where neighbours are wanted, a store that is not there, or has no row of the address, is said', async () => {
  await bed.rules(RULES, 'neighbours: 2');
  const detail = async (): Promise<string> =>
    JSON.parse((await planOf(event(), { format: 'json' })).stdout).decisions[0].detail;
  expect(await detail()).toContain(`no evidence: the store ${bed.store.uri} does not exist`);
  await ensureLayout(bed.store);
  expect(await detail()).toContain(
    `no neighbours: no row with ${REMOTE} of another interface in 2026-11-20T05:10:00Z/`,
  );
});

describe('what nothing would become of', () => {
  test('is said: a terminated instance, an interface that is not there, another account, a region without rules', async () => {
    expect((await bed.run(['plan', 'i-gone'])).stdout).toMatch(
      /refuse {2}i-gone\n {4}instance_gone: .*\n {4}- .*terminated/,
    );
    expect((await planOf(event({ instance: 'i-gone' }))).stdout).toContain('instance_gone: ');
    expect((await planOf(event({ instance: 'i-99' }))).stdout).toContain('refuse  i-99\n    instance_gone: ');
    const { detail } = event({ on: { interface: 'eni-77', address: '10.99.7.7' } });
    const { resource, ...rest } = JSON.parse(JSON.stringify(detail));
    delete resource.instanceDetails.instanceId;
    expect((await planOf({ ...rest, resource })).stdout).toContain('refuse  eni-77\n    interface_gone: ');
    expect((await planOf(event({ account: '999999999999' }))).stdout).toContain('it is of account 999999999999');
    const elsewhere = await planOf({ ...detail, region: 'eu-west-1' });
    expect(elsewhere.stdout).toContain('no_region: the rule file has no rules for the region');
    expect(elsewhere.stdout).toContain('no session more');
  });

  test('is said: what is a sample, or no finding', async () => {
    const { detail } = event();
    const sample = { ...detail, service: { additionalInfo: { sample: true } } };
    const { stdout } = await planOf(sample);
    expect(stdout).toMatch(/: it asks for nothing \(sample\): .*sample/);
    const other = await planOf({ ...event(), 'detail-type': 'AWS API Call' }, { format: 'json' });
    expect(JSON.parse(other.stdout)).toMatchObject({ ignored: 'unknown_detail_type' });
  });
});

test('an interruption is said', async () => {
  const interruption = new AbortController();
  bed.ec2.inject({ action: 'DescribeInstances', meanwhile: () => interruption.abort() });
  const { status, stdout, stderr } = await bed.run(['plan', 'i-1'], { signal: interruption.signal });
  expect([status, stdout, stderr]).toEqual([1, '', 'vpcflow: interrupted; run it again to go on where it stopped\n']);
});

describe('what cannot be read', () => {
  test('is an error in one sentence', async () => {
    const fails = (words: readonly string[], code: string, message: RegExp) =>
      expect(bed.run(['plan', ...words])).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await fails(
      ['finding.jsn'],
      'VF_SOURCE_UNREADABLE',
      /^finding\.jsn cannot be read: there is no such file, and it is/,
    );
    await fails([bed.directory], 'VF_SOURCE_UNREADABLE', /cannot be read: EISDIR/);
    await fails([await bed.file('a', 'not JSON')], 'VF_SOURCE_UNREADABLE', /cannot be read: the record is not JSON/);
    await fails(
      [await bed.file('b', '{"severity": 8}')],
      'VF_SOURCE_UNREADABLE',
      /cannot be read: detail\.id is missing$/,
    );
    await fails([await bed.file('c', '{}')], 'VF_SOURCE_UNREADABLE', /cannot be read: /);
    await fails(['i-77'], 'VF_NOT_FOUND', /^account 123456789012 has no instance i-77 in us-east-1$/);
    await fails([], 'VF_USAGE', /needs something/);
    await expect(bed.run(['plan', 'i-1'], { given: { format: 'csv' } })).rejects.toMatchObject({ code: 'VF_USAGE' });
  });
});
