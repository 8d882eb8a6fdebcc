// `vpcflow mirror run --forward`: what the audit has of a finding reaches Firehose, and mirroring does not wait for it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { auditRows } from '../../audit-rows.ts';
import { type FakeEc2, startFakeEc2 } from '../../fakes/ec2-http/server.ts';
import { type FirehoseServer, idsOf, startFirehose } from '../../fakes/firehose-http.ts';
import { findingEvent } from './bridge-events.ts';
import { MirrorBeds } from './mirror-bed.ts';

let beds: MirrorBeds;
let ec2: FakeEc2;
let firehose: FirehoseServer;
beforeAll(async () => {
  beds = await MirrorBeds.start();
  firehose = await startFirehose();
  ec2 = await startFakeEc2({
    instances: [{ id: 'i-0a' }],
    targets: [{ id: 'tmt-0a', kind: 'network-load-balancer' }],
    filters: [{ id: 'tmf-0a' }],
  });
});
afterAll(async () => {
  await ec2.stop();
  await firehose.stop();
  await beds.stop();
});

test('every row of the audit is sent, those of a time without Firehose later', { timeout: 60_000 }, async () => {
  const rules = ['mode: plan', 'vpcs:', '- vpcId: vpc-1', '  filterId: tmf-0a', '  targetId: tmt-0a'];
  const bed = await beds.bed(ec2.endpoint, rules);
  Object.assign(bed.environment, firehose.environment);
  try {
    firehose.answer = () => ({ error: 'ServiceUnavailableException' });
    const at = Date.now();
    await bed.put(findingEvent({ id: 'one', instance: 'i-0a', at }), { not: 'an event' });
    const running = bed.start('--forward', 'siem');
    await bed.until(running, 'the events are read', () => bed.isRead());
    expect(firehose.records).toEqual([]);
    firehose.answer = () => 'take';
    const audit = await auditRows(new DirectoryStore(bed.store), at - 3_600_000);
    expect(audit.length).toBeGreaterThan(1);
    await bed.until(running, 'all rows are sent', () => idsOf(firehose.records).size === audit.length);
    const lines = firehose.records.map((line) => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({ kind: 'mirroring', phase: 'decided', reason: 'malformed', mode: 'plan' }),
    );
    await bed.stop(running);
  } finally {
    await bed.close();
  }
});
