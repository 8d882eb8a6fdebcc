// `vpcflow mirror run` as a person runs it: events on a Kinesis stream become sessions in EC2, and go away again.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DirectoryStore } from '../../../consumers/shared/store/directory.ts';
import { tagTime } from '../../../pipeline/mirror-plan/tag-time.ts';
import { type MotoServer, startMotoServer } from '../../moto-server.ts';
import { findingEvent, findingId, stateEvent } from './bridge-events.ts';
import { type MirrorBed, MirrorBeds } from './mirror-bed.ts';
import { motoAccount } from './moto-account.ts';

const MINUTE = 60_000; // ms

const moto: MotoServer | null = await startMotoServer();

let beds: MirrorBeds;
beforeAll(async () => {
  beds = await MirrorBeds.start();
});
afterAll(async () => {
  await beds.stop();
  await moto?.stop();
});

const open: MirrorBed[] = [];
afterEach(async () => {
  for (const bed of open.splice(0)) await bed.close();
});

describe.skipIf(moto === null)('events on a stream', () => {
  test('become sessions in EC2; a finding ends with its time', { timeout: 120_000 }, async () => {
    const { endpoint } = moto ?? { endpoint: '' };
    const account = await motoAccount(endpoint, 3);
    const [one, two, three] = account.instances;
    const enable = ['enable:', '  launches: true'];
    const bed = await beds.bed(endpoint, ['mode: apply', 'ttl: 30m', ...enable, ...account.rules]);
    open.push(bed);
    const began = Math.floor(Date.now() / 1000) * 1000;
    await bed.put(
      findingEvent({ id: 'one', instance: one.instance, on: one, at: began }),
      findingEvent({ id: 'two', instance: two.instance, on: two, at: began - 20 * MINUTE }),
      stateEvent(three.instance, 'running', began),
      { not: 'an event' },
    );
    const running = bed.startProcess('--metrics-port', '0');
    await bed.until(running, 'three sessions', async () => (await account.sessions()).length === 3);
    const sessions = await account.sessions();
    const on = (id: string) => sessions.find((session) => session.interface === id);
    expect(on(one.interface)).toMatchObject({
      number: 1,
      tags: {
        ...{ 'vpcflow:managed': 'true', 'vpcflow:cause': 'finding', 'vpcflow:rule': 'vpcs[0]' },
        ...{ 'vpcflow:finding': findingId('one'), 'vpcflow:expires': expect.stringMatching(/Z$/) },
      },
    });
    expect(on(two.interface)?.tags).toMatchObject({ 'vpcflow:expires': tagTime(began + 10 * MINUTE) });
    expect(on(three.interface)?.tags).toMatchObject({ 'vpcflow:managed': 'true', 'vpcflow:cause': 'launch' });
    expect(on(three.interface)?.tags).not.toHaveProperty('vpcflow:expires');
    const { stderr } = await bed.stop(running);
    expect(stderr).toMatch(/mirroring by the events of arn:aws:kinesis:us-east-1:123456789012:stream\/events-/);
    expect(stderr).toMatch(/"msg":"4 events, \d+ decisions, 3 calls"}\n$/);

    // The stream of events says nothing of the completeness of flows.
    const keys: string[] = [];
    for await (const { key } of new DirectoryStore(bed.store).list('')) keys.push(key);
    expect(keys.filter((key) => key.startsWith('watermarks/'))).toEqual([]);
    expect(keys.filter((key) => key.startsWith('mirroring/')).length).toBeGreaterThanOrEqual(2);

    // Everything is read once more, and nothing done.
    const again = bed.start('--application', 'again');
    await bed.until(again, 'the events are read', () => bed.isRead('again'));
    expect((await bed.stop(again)).stderr).toMatch(/"msg":"4 events, \d+ decisions?, 0 calls"}\n$/);
    expect((await account.sessions()).map(({ id }) => id).sort()).toEqual(sessions.map(({ id }) => id).sort());

    await account.tag(on(two.interface)?.id ?? '', { 'vpcflow:expires': tagTime(began - 1000) }); // as if time had passed
    const last = bed.start();
    await bed.until(last, 'the expired session is gone', async () => (await account.sessions()).length === 2);
    expect((await bed.stop(last)).stderr).toMatch(/"msg":"0 events, \d+ decisions?, 1 call"}\n$/);
    const left = [one.interface, three.interface].sort();
    expect((await account.sessions()).map((session) => session.interface).sort()).toEqual(left);
    account.close();
  });
});
