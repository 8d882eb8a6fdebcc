// What the real account has, as plan mode sees it: never changed, read no more often than needed, gone when it is gone.
import { describe, expect, test } from 'vitest';
import { fixedAccount } from '../../../../consumers/shared/embedded/fixed-account.ts';
import { PlannedEc2Mirror } from '../../../../consumers/shared/mirroring/planned-account.ts';
import type { Ec2Reader } from '../../../../consumers/shared/mirroring/planned-reads.ts';
import { SIMULATED_ACCOUNT } from '../../../../pipeline/simulation/account.ts';
import { ACCOUNT, host, REGION } from '../../../../pipeline/simulation/world.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { BASTION, bed, code, FIRST, KEY, real, SECOND, session, value } from './planned-bed.ts';

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

  test('a change asks the real account for nothing that was read a moment ago', async () => {
    const asked: string[] = [];
    const facts = fixedAccount(ACCOUNT, REGION, SIMULATED_ACCOUNT);
    const noted = <A extends readonly unknown[], R>(name: string, read: (...args: A) => R) => {
      return (...args: A): R => {
        asked.push(name);
        return read(...args);
      };
    };
    const reader: Ec2Reader = {
      ...facts,
      sessions: noted('sessions', facts.sessions),
      targets: noted('targets', facts.targets),
      filters: noted('filters', facts.filters),
      interfaces: noted('interfaces', facts.interfaces),
      instances: noted('instances', facts.instances),
    };
    const account = new PlannedEc2Mirror(reader, new MemoryStore(), new ManualClock());
    value(await account.createSession(session()));
    expect(asked.toSorted()).toEqual(['filters', 'instances', 'interfaces', 'sessions', 'targets']);
    value(await account.createSession(session({ number: 2, token: 'two' })));
    expect(asked).toHaveLength(5);
    await account.sessions();
    await account.interfaces([BASTION]);
    expect(asked.slice(5)).toEqual(['sessions', 'interfaces']);
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
