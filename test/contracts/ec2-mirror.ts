// Turns the obligations of Ec2Mirror into one suite: for EC2 through the SDK, and for the account of plan mode.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TAG } from '../../schemas/mirroring/account.ts';
import { until } from '../until.ts';
import { ec2MirrorLimits } from './ec2-mirror-limits.ts';
import { type BedCalls, callsOf, codeOf, done, type MirrorAbilities, type MirrorBed } from './mirror-bed.ts';

export interface Ec2MirrorContract {
  readonly name: string;
  readonly bed: () => Promise<MirrorBed>;
  readonly abilities: MirrorAbilities;
}

const UNKNOWN = { instance: 'i-0fffffffffffffff0', interface: 'eni-0fffffffffffffff0' };
const MANAGED = { [TAG.managed]: 'true', [TAG.rule]: 'tags/1' };

/** What the account is known not to do stands in the title, and is not asked of it. */
export const ec2MirrorContract = ({ name, bed: open, abilities }: Ec2MirrorContract): void => {
  const lacks = Object.entries(abilities).flatMap(([ability, has]) => (has ? [] : [ability]));
  const title = lacks.length === 0 ? name : `${name} (without: ${lacks.join(', ')})`;
  let bed: MirrorBed;
  let calls: BedCalls;
  beforeEach(async () => {
    bed = await open();
    calls = callsOf(bed);
  });
  afterEach(async () => {
    bed.ec2.close();
    await bed.stop();
  });

  describe(`${title}: what there is`, () => {
    it('says the account and the region', async () => {
      expect(await bed.ec2.account()).toBe(bed.account);
      expect(bed.ec2.region).toBe('us-east-1');
    });

    it('describes instances by id, each once, and leaves out what is not there', async () => {
      const ids = bed.sources.slice(0, 2).map(({ instance }) => instance);
      const found = await bed.ec2.instances([ids[0]!, UNKNOWN.instance, ids[1]!, ids[0]!]);
      expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(found[0]).toMatchObject({ state: 'running', type: expect.stringContaining('.') });
      expect(found.map((one) => one.interfaces[0]!.id).toSorted()).toEqual(
        bed.sources
          .slice(0, 2)
          .map((one) => one.interface)
          .toSorted(),
      );
      expect(await bed.ec2.instances([])).toEqual([]);
      expect(await bed.ec2.instances([UNKNOWN.instance])).toEqual([]);
    });

    it('describes interfaces by id, alike whether asked for them or their instance', async () => {
      const { instance, interface: id } = bed.sources[0]!;
      const [found, ...others] = await bed.ec2.interfaces([UNKNOWN.interface, id]);
      expect(others).toEqual([]);
      expect(found).toMatchObject({ id, instance, deviceIndex: 0, kind: 'interface' });
      expect(found!.addresses.length).toBeGreaterThan(0);
      expect((await bed.ec2.instances([instance]))[0]!.interfaces).toEqual([found]);
      expect(await bed.ec2.interfaces([])).toEqual([]);
    });

    it('takes more ids than EC2 takes in one call', async () => {
      const unknown = Array.from({ length: 450 }, (_, n) => `eni-0${n.toString(16).padStart(16, 'f')}`);
      const { interface: id } = bed.sources[0]!;
      expect((await bed.ec2.interfaces([...unknown, id])).map((one) => one.id)).toEqual([id]);
    });

    it('gives every running instance on one page or another, each once', async () => {
      const seen: string[] = [];
      let next: string | null = null;
      do {
        const page = await bed.ec2.instancePage(next);
        seen.push(...page.instances.map(({ id }) => id));
        next = page.next;
      } while (next !== null);
      expect(seen).toEqual(expect.arrayContaining(bed.sources.map(({ instance }) => instance)));
      expect(new Set(seen).size).toBe(seen.length);
    });

    it('has the filter with its rules, and no sessions', async () => {
      expect(await bed.ec2.filters()).toEqual([bed.filter]);
      expect(await bed.ec2.sessions()).toEqual([]);
    });
  });

  describe(`${title}: sessions and targets`, () => {
    it('a session is answered and listed with all that it was made of', async () => {
      const target = await calls.target();
      const asked = calls.newSession(target.id, { virtualNetworkId: 77, packetLength: 128, number: 3, tags: MANAGED });
      const made = done(await bed.ec2.createSession(asked));
      const { description: _, token: __, ...kept } = asked;
      expect(made).toEqual({ ...kept, id: made.id });
      expect(await bed.ec2.sessions()).toEqual([made]);
    });

    it('a session whose packets are mirrored whole has no length', async () => {
      const made = await calls.session((await calls.target()).id);
      expect(made.packetLength).toBeNull();
      expect((await bed.ec2.sessions())[0]!.packetLength).toBeNull();
    });

    it('a deleted session is gone, and deleting it again is done', async () => {
      const { id } = await calls.session((await calls.target()).id);
      expect(await codeOf(bed.ec2.deleteSession(id))).toBe('ok');
      expect(await bed.ec2.sessions()).toEqual([]);
      expect(await codeOf(bed.ec2.deleteSession(id))).toBe('ok');
    });

    it('a target is the account’s own, with its interface and tags', async () => {
      const made = done(await bed.ec2.createTarget(calls.newTarget(bed.hosts[0]!, { tags: MANAGED })));
      expect(made).toEqual({
        ...{ id: made.id, kind: 'network-interface', interface: bed.hosts[0], owner: bed.account, tags: MANAGED },
      });
      expect(await bed.ec2.targets()).toContainEqual(made);
    });

    if (abilities.deleteTargets)
      it('a deleted target is gone, and deleting it again is done', async () => {
        const { id } = await calls.target();
        expect(await codeOf(bed.ec2.deleteTarget(id))).toBe('ok');
        expect(await bed.ec2.targets()).toEqual([]);
        expect(await codeOf(bed.ec2.deleteTarget(id))).toBe('ok');
      });

    it('tags can be set and removed; others stay', async () => {
      const target = await calls.target();
      const session = await calls.session(target.id, { tags: { kept: '1', gone: '2' } });
      const { instance } = bed.sources[0]!;
      for (const id of abilities.laterTags ? [session.id, target.id, instance] : [instance]) {
        expect(await codeOf(bed.ec2.setTags(id, { [TAG.expires]: '2026-11-22T03:00:00Z', gone: '3' }))).toBe('ok');
        expect(await codeOf(bed.ec2.removeTags(id, ['gone', 'never-there']))).toBe('ok');
      }
      const set = { [TAG.expires]: '2026-11-22T03:00:00Z' };
      expect((await bed.ec2.instances([instance]))[0]!.tags).toMatchObject(set);
      expect((await bed.ec2.instances([instance]))[0]!.tags).not.toHaveProperty('gone');
      if (!abilities.laterTags) return;
      expect((await bed.ec2.sessions())[0]!.tags).toEqual({ kept: '1', ...set });
      expect((await bed.ec2.targets())[0]!.tags).toEqual(set);
    });

    if (abilities.tokens)
      it('the same token and parameters make one thing; other parameters are refused', async () => {
        const target = calls.newTarget(bed.hosts[0]!);
        const made = done(await bed.ec2.createTarget(target));
        expect(done(await bed.ec2.createTarget(target))).toEqual(made);
        const session = calls.newSession(made.id);
        const first = done(await bed.ec2.createSession(session));
        expect(done(await bed.ec2.createSession(session))).toEqual(first);
        expect(await codeOf(bed.ec2.createSession({ ...session, number: 2 }))).toBe('IdempotentParameterMismatch');
        expect(await codeOf(bed.ec2.createTarget({ ...target, interface: bed.hosts[1]! }))).toBe(
          'IdempotentParameterMismatch',
        );
        expect(await bed.ec2.sessions()).toEqual([first]);
        const instance = calls.newInstance();
        const { id } = done(await bed.ec2.runInstance(instance));
        expect(done(await bed.ec2.runInstance(instance)).id).toBe(id);
      });
  });

  describe(`${title}: instances for targets`, () => {
    it('one that is launched is pending, then runs, with one interface that can be a target', async () => {
      const made = done(await bed.ec2.runInstance(calls.newInstance({ tags: MANAGED })));
      expect(made).toMatchObject({ state: 'pending', type: 'm5.large', subnet: bed.subnet, tags: MANAGED });
      const running = await until('it runs', async () =>
        (await bed.ec2.instances([made.id])).find(({ state }) => state === 'running'),
      );
      expect(running.interfaces).toHaveLength(1);
      expect((await bed.ec2.managedInstances()).map(({ id }) => id)).toContain(made.id);
      expect((await bed.ec2.managedInstances()).map(({ id }) => id)).not.toContain(bed.sources[0]!.instance);
      expect((await calls.target(running.interfaces[0]!.id)).interface).toBe(running.interfaces[0]!.id);
    });

    it('one that is terminated runs no more, and terminating it again is done', async () => {
      const { id } = done(await bed.ec2.runInstance(calls.newInstance({ tags: MANAGED })));
      expect(await codeOf(bed.ec2.terminateInstance(id))).toBe('ok');
      expect((await bed.ec2.instances([id])).map(({ state }) => state)).not.toContain('running');
      expect(await codeOf(bed.ec2.terminateInstance(id))).toBe('ok');
      expect(await codeOf(bed.ec2.terminateInstance(UNKNOWN.instance))).toBe('ok');
    });
  });

  if (abilities.limits) {
    describe(`${title}: limits`, () => ec2MirrorLimits(() => ({ bed, calls })));
  }
};
