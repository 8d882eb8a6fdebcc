// Plan mode's account: it honours EC2's limits and tokens over what the real account has, and keeps all of it in one object.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SIMULATED_ACCOUNT, SIMULATED_TARGETS } from '../../../../pipeline/simulation/account.ts';
import { ACCOUNT, host } from '../../../../pipeline/simulation/world.ts';
import type { NewInstance } from '../../../../schemas/mirroring/account.ts';
import { BASTION, bed, code, FIRST, KEY, real, SECOND, session, value } from './planned-bed.ts';

describe('sessions', () => {
  test('one that is made is there for everybody who has the store, with an id and a network of EC2’s kind', async () => {
    const { account, store } = bed();
    const made = value(await account.createSession(session()));
    expect(made.id).toMatch(/^tms-[0-9a-f]{17}$/);
    expect(made.virtualNetworkId).toBeLessThan(2 ** 24);
    expect(made).toMatchObject({ interface: BASTION, number: 1, tags: { a: '1' } });
    expect(await bed([], store.backing).account.sessions()).toEqual([made]);
    expect([...store.backing.keys()]).toEqual([KEY]);
  });

  test('an id is never given twice, not even after a deletion', async () => {
    const { account } = bed();
    const { id } = value(await account.createSession(session()));
    expect(code(await account.deleteSession(id))).toBe('ok');
    expect(code(await account.deleteSession(id))).toBe('ok');
    expect(await account.sessions()).toEqual([]);
    expect(value(await account.createSession(session())).id).not.toBe(id);
  });

  test.each(['nat', 'alb-1', 'monitor'])(
    'the interface of %s cannot be mirrored, and nothing is stored',
    async (name) => {
      const { account, store } = bed();
      const answer = await account.createSession(session({ interface: host(name).port!.id }));
      expect(code(answer)).toBe('NetworkInterfaceNotSupported');
      expect(store.backing.size).toBe(0);
    },
  );

  test('an interface has three, real ones among them, each with a number of its own', async () => {
    const { account } = bed([real()]);
    const taken = await account.createSession(session());
    expect(taken).toMatchObject({
      code: 'InvalidParameterValue',
      message: expect.stringContaining('session number 1'),
    });
    for (const number of [2, 3]) value(await account.createSession(session({ number, token: `${number}` })));
    const fourth = await account.createSession(session({ number: 4, token: '4' }));
    expect(code(fourth)).toBe('TrafficMirrorSessionsPerInterfaceLimitExceeded');
  });

  test('no sequence of calls ends beyond a limit', async () => {
    const names = [
      'bastion',
      'web-1',
      'web-2',
      'app-1',
      'db-primary',
      'cache',
      'backup',
      'app-2',
      'app-3',
      'web-3',
      'web-4',
    ];
    const asked = fc.record({
      ...{ name: fc.constantFrom(...names), target: fc.constantFrom(FIRST.id, SECOND.id) },
      ...{ number: fc.integer({ min: 0, max: 4 }), token: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz') },
      remove: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { maxLength: 60 }), async (calls) => {
        const { account } = bed([real()]);
        for (const { name, remove, ...rest } of calls) {
          const answer = await account.createSession(session({ ...rest, interface: host(name).port!.id }));
          if (answer.ok && remove) await account.deleteSession(answer.value.id);
        }
        const all = await account.sessions();
        expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
        expect(new Set(all.map((one) => one.virtualNetworkId)).size).toBe(all.length);
        expect(new Set(all.map((one) => `${one.interface} ${one.number}`)).size).toBe(all.length);
        for (const { id } of SIMULATED_TARGETS)
          expect(new Set(all.filter(({ target }) => target === id).map((one) => one.interface)).size).toBeLessThan(11);
        for (const name of names)
          expect(all.filter((one) => one.interface === host(name).port!.id).length).toBeLessThan(4);
      }),
      { numRuns: 40 },
    );
  });
});

describe('targets and instances', () => {
  const appliance: NewInstance = {
    ...{ instanceType: 'm6i.large', image: 'ami-0', securityGroups: ['sg-0'], token: 'run' },
    ...{ subnet: host('web-4').port!.subnet, tags: { 'vpcflow:managed': 'true' } },
  };
  const target = (networkInterface: string, token = 'target') => ({
    ...{ interface: networkInterface, description: 'a test', tags: {}, token },
  });

  test('an instance is pending, then runs where its subnet lies; a target on it takes sessions', async () => {
    const { account } = bed();
    const answered = value(await account.runInstance(appliance));
    expect(answered).toMatchObject({ state: 'pending', zone: 'us-east-1b' });
    expect(answered.id).toMatch(/^i-[0-9a-f]{17}$/);
    const [running] = await account.instances([answered.id]);
    expect(running).toEqual({ ...answered, state: 'running' });
    expect(await account.managedInstances()).toEqual([running]);
    expect(value(await account.runInstance(appliance)).id).toBe(answered.id);
    const port = running!.interfaces[0]!;
    expect(await account.interfaces([port.id, BASTION])).toHaveLength(2);
    const made = value(await account.createTarget(target(port.id)));
    expect(made).toMatchObject({ owner: ACCOUNT, interface: port.id });
    value(await account.createSession(session({ target: made.id })));
    expect(code(await account.deleteTarget(made.id))).toBe('TrafficMirrorTargetInUseException');
  });

  test('all pages together have every instance that runs, planned ones too', async () => {
    const { account } = bed();
    const { id } = value(await account.runInstance(appliance));
    const found: string[] = [];
    for (let next: string | null = null; ; ) {
      const page: Awaited<ReturnType<typeof account.instancePage>> = await account.instancePage(next);
      found.push(...page.instances.map((one) => one.id));
      if (page.next === null) break;
      next = page.next;
    }
    expect(found.sort()).toEqual([...SIMULATED_ACCOUNT.instances.map((one) => one.id), id].sort());
  });

  test('a terminated instance is seen for an hour, without interfaces, and then no more', async () => {
    const { account, clock } = bed();
    const { id } = value(await account.runInstance(appliance));
    value(await account.terminateInstance(id));
    await clock.advance(3_599_000);
    expect(await account.managedInstances()).toMatchObject([{ id, state: 'terminated', interfaces: [] }]);
    await clock.advance(1_000);
    expect(await account.managedInstances()).toEqual([]);
    expect(await account.instances([id])).toEqual([]);
  });
});

describe('the object in the store', () => {
  test('two consumers at once make what both want, and no number twice', async () => {
    const { account, store, clock } = bed();
    const other = bed([], store.backing, clock);
    const asked = [1, 1, 2, 2, 3, 3].map((number, i) => session({ number, token: `${i}` }));
    const answers = Promise.all(asked.map((one, i) => (i % 2 === 0 ? account : other.account).createSession(one)));
    // Whoever comes second waits a moment before it looks again.
    let over = false;
    void answers.finally(() => {
      over = true;
    });
    while (!over) await clock.advance(25);
    expect((await answers).map(code).filter((one) => one === 'ok')).toHaveLength(3);
    expect((await account.sessions()).map(({ number }) => number).sort()).toEqual([1, 2, 3]);
  });

  test.each([
    ['another version', '{"version":2}', 'VF_STORE_VERSION'],
    ['no JSON', '{', 'VF_STORE_CORRUPT'],
    ['something else', '{"version":1,"sessions":"none"}', 'VF_STORE_CORRUPT'],
  ])('%s is refused rather than begun anew', async (_, text, expected) => {
    const { account, store } = bed();
    store.backing.set(KEY, Buffer.from(text));
    await expect(account.sessions()).rejects.toMatchObject({ code: expected });
    await expect(account.createSession(session())).rejects.toMatchObject({ code: expected });
    expect(store.backing.get(KEY)?.toString()).toBe(text);
  });
});
