// Turns the facts of an account that never changes into one that can be read, as plan mode reads a real one.
import type { AccountFacts } from '../../../pipeline/simulation/account.ts';
import { type MirrorInstance, TAG } from '../../../schemas/mirroring/account.ts';
import type { Ec2Reader } from '../mirroring/planned-reads.ts';

const PAGE = 200;

const withIds = <T extends { readonly id: string }>(all: readonly T[], ids: readonly string[]): readonly T[] => {
  const wanted = new Set(ids);
  return all.filter(({ id }) => wanted.has(id));
};

/** The reads of an account in which nothing is mirrored. */
export const fixedAccount = (account: string, region: string, facts: AccountFacts): Ec2Reader => {
  const running: readonly MirrorInstance[] = facts.instances.filter(({ state }) => state === 'running');
  return {
    region,
    account: async () => account,
    instances: async (ids) => withIds(facts.instances, ids),
    instancePage: async (next) => {
      const from = Number(next ?? 0);
      const more = from + PAGE < running.length;
      return { instances: running.slice(from, from + PAGE), next: more ? String(from + PAGE) : null };
    },
    managedInstances: async () => facts.instances.filter(({ tags }) => tags[TAG.managed] === 'true'),
    interfaces: async (ids) => withIds(facts.interfaces, ids),
    sessions: async () => [],
    targets: async () => facts.targets,
    filters: async () => facts.filters,
    close: () => {},
  };
};
