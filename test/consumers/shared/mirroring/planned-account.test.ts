// Plan mode's account: it honours EC2's limits and tokens over what the real account has, and never changes that.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixedAccount } from '../../../../consumers/shared/mirroring/fixed-account.ts';
import { type Ec2Reader, PlannedEc2Mirror } from '../../../../consumers/shared/mirroring/planned-account.ts';
import { overlayKey } from '../../../../pipeline/planned-account/overlay.ts';
import { SIMULATED_ACCOUNT, SIMULATED_FILTER, SIMULATED_TARGETS } from '../../../../pipeline/simulation/account.ts';
import { ACCOUNT, host, REGION } from '../../../../pipeline/simulation/world.ts';
import type { MirrorAnswer, MirrorSession, NewInstance, NewSession } from '../../../../schemas/mirroring/account.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { type Backing, MemoryStore } from '../../../fakes/memory-store.ts';

const KEY = overlayKey(ACCOUNT, REGION);
const BASTION = host('bastion').port!.id;
const [FIRST, SECOND] = [SIMULATED_TARGETS[0]!, SIMULATED_TARGETS[1]!];

const session = (change: Partial<NewSession> = {}): NewSession => ({
  ...{ interface: BASTION, target: FIRST.id, filter: SIMULATED_FILTER.id, number: 1, virtualNetworkId: null },
  ...{ packetLength: null, description: 'a test', tags: { a: '1' }, token: 'one' },
  ...change,
});

/** A session that the real account has. */
const real = (change: Partial<MirrorSession> = {}): MirrorSession => ({
  ...{ id: 'tms-0aaaaaaaaaaaaaaaa', interface: BASTION, target: FIRST.id, filter: SIMULATED_FILTER.id, number: 1 },
  ...{ virtualNetworkId: 7, packetLength: null, tags: { owner: 'somebody' } },
  ...change,
});

interface Bed {
  readonly account: PlannedEc2Mirror;
  readonly clock: ManualClock;
  readonly store: MemoryStore;
}

const bed = (
  sessions: readonly MirrorSession[] = [],
  backing: Backing = new Map(),
  clock: ManualClock = new ManualClock(),
): Bed => {
  const reader: Ec2Reader = { ...fixedAccount(ACCOUNT, REGION, SIMULATED_ACCOUNT), sessions: async () => sessions };
  const store = new MemoryStore(backing);
  return { account: new PlannedEc2Mirror(reader, store, clock), clock, store };
};

const value = <T>(answer: MirrorAnswer<T>): T => {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
  return answer.value;
};
const code = (answer: MirrorAnswer<unknown>): string => (answer.ok ? 'ok' : answer.code);

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

  test('a repeat is the same session; the same token with other parameters is refused', async () => {
    const { account } = bed();
    const made = value(await account.createSession(session()));
    expect(value(await account.createSession(session()))).toEqual(made);
    expect(code(await account.createSession(session({ number: 2 })))).toBe('IdempotentParameterMismatch');
    expect(await account.sessions()).toHaveLength(1);
  });

  test('an id is never given twice, not even after a deletion', async () => {
    const { account } = bed();
    const { id } = value(await account.createSession(session()));
    expect(code(await account.deleteSession(id))).toBe('ok');
    expect(code(await account.deleteSession(id))).toBe('ok');
    expect(await account.sessions()).toEqual([]);
    expect(value(await account.createSession(session())).id).not.toBe(id);
  });

  const nobody = { instance: host('nat').port!.id, managed: host('alb-1').port!.id, t2: host('monitor').port!.id };
  test.each([
    ['an unknown interface', { interface: 'eni-0' }, 'InvalidNetworkInterfaceID.NotFound'],
    ['an unknown target', { target: 'tmt-0' }, 'InvalidTrafficMirrorTargetId.NotFound'],
    ['an unknown filter', { filter: 'tmf-0' }, 'InvalidTrafficMirrorFilterId.NotFound'],
    ['an interface of no instance', { interface: nobody.instance }, 'NetworkInterfaceNotSupported'],
    ['an interface of AWS’s', { interface: nobody.managed }, 'NetworkInterfaceNotSupported'],
    ['an instance of a family that is not mirrored', { interface: nobody.t2 }, 'NetworkInterfaceNotSupported'],
    ['an interface that is a target', { interface: SECOND.interface! }, 'InterfaceInUseByTrafficMirrorTarget'],
    ['a number too small', { number: 0 }, 'InvalidParameterValue'],
    ['a number too large', { number: 32_767 }, 'InvalidParameterValue'],
    ['a packet length too large', { packetLength: 8_501 }, 'InvalidParameterValue'],
    ['a network of more than 24 bits', { virtualNetworkId: 2 ** 24 }, 'InvalidParameterValue'],
  ] as const)('%s is refused, and nothing is stored', async (_, change, expected) => {
    const { account, store } = bed();
    expect(code(await account.createSession(session(change)))).toBe(expected);
    expect(store.backing.size).toBe(0);
  });

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

  test('a target of an ordinary size has ten sources; one that it has already is no further one', async () => {
    const { account } = bed();
    const hosts = ['web-1', 'web-2', 'web-3', 'web-4', 'web-5', 'web-6', 'app-1', 'app-2', 'app-3', 'app-4'];
    for (const name of hosts)
      value(await account.createSession(session({ interface: host(name).port!.id, token: name })));
    const eleventh = await account.createSession(session());
    expect(eleventh).toMatchObject({ code: 'TrafficMirrorSourcesPerTargetLimitExceeded' });
    value(await account.createSession(session({ interface: host('app-4').port!.id, number: 2, token: 'again' })));
    value(await account.createSession(session({ target: SECOND.id })));
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

describe('what the real account has', () => {
  test('a real session that is deleted is gone in the plan, and its place is free', async () => {
    const { account, store } = bed([real()]);
    expect(code(await account.deleteSession(real().id))).toBe('ok');
    expect(await account.sessions()).toEqual([]);
    expect(await bed([real()], store.backing).account.sessions()).toEqual([]);
    value(await account.createSession(session()));
  });

  test('tags of a real session are set and removed in the plan only', async () => {
    const { account } = bed([real()]);
    value(await account.setTags(real().id, { expires: 'soon' }));
    value(await account.removeTags(real().id, ['owner']));
    expect((await account.sessions())[0]?.tags).toEqual({ expires: 'soon' });
    expect(real().tags).toEqual({ owner: 'somebody' });
  });

  test('a real target is in use as long as a session of either kind uses it', async () => {
    const { account } = bed([real()]);
    expect(code(await account.deleteTarget(FIRST.id))).toBe('TrafficMirrorTargetInUseException');
    value(await account.deleteSession(real().id));
    value(await account.deleteTarget(FIRST.id));
    expect(await account.targets()).toEqual([SECOND]);
    expect(code(await account.createSession(session()))).toBe('InvalidTrafficMirrorTargetId.NotFound');
  });

  test('the sessions of an interface that is deleted are gone within a minute, and from the store with the next change', async () => {
    const facts = fixedAccount(ACCOUNT, REGION, SIMULATED_ACCOUNT);
    let deleted = '';
    const reader: Ec2Reader = {
      ...facts,
      interfaces: async (ids) => (await facts.interfaces(ids)).filter(({ id }) => id !== deleted),
    };
    const [store, clock] = [new MemoryStore(), new ManualClock()];
    const account = new PlannedEc2Mirror(reader, store, clock);
    const other = host('web-1').port!.id;
    value(await account.createSession(session()));
    value(await account.createSession(session({ interface: other, token: 'other' })));
    deleted = BASTION;
    await clock.advance(60_000);
    expect((await account.sessions()).map((one) => one.interface)).toEqual([other]);
    expect(store.backing.get(KEY)?.toString()).toContain(BASTION);
    value(await account.createSession(session({ interface: other, number: 2, token: 'third' })));
    expect(store.backing.get(KEY)?.toString()).not.toContain(BASTION);
  });

  test('what would have been done to a real session is forgotten when the account has it no more', async () => {
    const sessions = [real()];
    const { account, store, clock } = bed(sessions);
    value(await account.deleteSession(real().id));
    expect(store.backing.get(KEY)?.toString()).toContain(real().id);
    sessions.length = 0;
    await clock.advance(60_000);
    value(await account.createSession(session()));
    expect(store.backing.get(KEY)?.toString()).not.toContain(real().id);
  });

  test('a real instance that is terminated is gone in the plan', async () => {
    const { account } = bed();
    const id = host('spare-1').port!.instance;
    expect(await account.instances([id])).toHaveLength(1);
    value(await account.terminateInstance(id));
    expect(await account.instances([id])).toEqual([]);
    expect((await account.instancePage(null)).instances.some((one) => one.id === id)).toBe(false);
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

  test.each([
    ['an unknown interface', 'eni-0', 'InvalidTrafficMirrorTarget'],
    ['one that is a target', FIRST.interface!, 'InterfaceInUseByTrafficMirrorTarget'],
    ['one that is a source', BASTION, 'InterfaceInUseByTrafficMirrorSession'],
  ])('no target on %s', async (_, networkInterface, expected) => {
    const { account } = bed([real()]);
    expect(code(await account.createTarget(target(networkInterface)))).toBe(expected);
  });

  test.each([
    ['tms-0', 'InvalidTrafficMirrorSessionId.NotFound'],
    ['tmt-0', 'InvalidTrafficMirrorTargetId.NotFound'],
    ['i-0', 'InvalidInstanceID.NotFound'],
  ])('tags of %s, which is not there, are refused; deleting it is done', async (id, expected) => {
    const { account } = bed();
    expect(code(await account.setTags(id, { a: '1' }))).toBe(expected);
    expect(code(await account.removeTags(id, ['a']))).toBe(expected);
    for (const deletion of ['deleteSession', 'deleteTarget', 'terminateInstance'] as const)
      expect(code(await account[deletion](id))).toBe('ok');
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
