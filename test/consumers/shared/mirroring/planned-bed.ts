// Plan mode's account over the simulated one, with real sessions in it where a test wants some.
import { fixedAccount } from '../../../../consumers/shared/embedded/fixed-account.ts';
import { PlannedEc2Mirror } from '../../../../consumers/shared/mirroring/planned-account.ts';
import type { Ec2Reader } from '../../../../consumers/shared/mirroring/planned-reads.ts';
import { overlayKey } from '../../../../pipeline/mirror-planned/overlay.ts';
import { SIMULATED_ACCOUNT, SIMULATED_FILTER, SIMULATED_TARGETS } from '../../../../pipeline/simulation/account.ts';
import { ACCOUNT, host, REGION } from '../../../../pipeline/simulation/world.ts';
import type { MirrorAnswer, MirrorSession, NewSession } from '../../../../schemas/mirroring/account.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { type Backing, MemoryStore } from '../../../fakes/memory-store.ts';

export const KEY = overlayKey(ACCOUNT, REGION);
export const BASTION = host('bastion').port!.id;
export const [FIRST, SECOND] = [SIMULATED_TARGETS[0]!, SIMULATED_TARGETS[1]!];

export const session = (change: Partial<NewSession> = {}): NewSession => ({
  ...{ interface: BASTION, target: FIRST.id, filter: SIMULATED_FILTER.id, number: 1, virtualNetworkId: null },
  ...{ packetLength: null, description: 'a test', tags: { a: '1' }, token: 'one' },
  ...change,
});

/** A session that the real account has. */
export const real = (change: Partial<MirrorSession> = {}): MirrorSession => ({
  ...{ id: 'tms-0aaaaaaaaaaaaaaaa', interface: BASTION, target: FIRST.id, filter: SIMULATED_FILTER.id, number: 1 },
  ...{ virtualNetworkId: 7, packetLength: null, tags: { owner: 'somebody' } },
  ...change,
});

export interface Bed {
  readonly account: PlannedEc2Mirror;
  readonly clock: ManualClock;
  readonly store: MemoryStore;
}

export const bed = (
  sessions: readonly MirrorSession[] = [],
  backing: Backing = new Map(),
  clock: ManualClock = new ManualClock(),
): Bed => {
  const reader: Ec2Reader = { ...fixedAccount(ACCOUNT, REGION, SIMULATED_ACCOUNT), sessions: async () => sessions };
  const store = new MemoryStore(backing);
  return { account: new PlannedEc2Mirror(reader, store, clock), clock, store };
};

export const value = <T>(answer: MirrorAnswer<T>): T => {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
  return answer.value;
};
export const code = (answer: MirrorAnswer<unknown>): string => (answer.ok ? 'ok' : answer.code);
