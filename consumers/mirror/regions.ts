// Turns the regions of the rules into the accounts in which sessions are made: EC2 itself or, in plan mode, its overlay in the store.
import type { Clock } from '../../schemas/clock.ts';
import type { Ec2Mirror } from '../../schemas/mirroring/account.ts';
import type { MirrorRules } from '../../schemas/mirroring/rules.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import { PlannedEc2Mirror } from '../shared/mirroring/planned-account.ts';
import { openEc2Mirror } from './ec2/open.ts';

/** How long a call may still take once everything is told to end: its answer is worth waiting for, a silent service is not. */
const LAST_CALL_MS = 20_000;

export interface MirrorRegions {
  /** By region, one for each with rules. */
  readonly accounts: ReadonlyMap<string, Ec2Mirror>;
  close(): void;
}

/**
 * Opens no connection. Calls that are under way when `signal` aborts have 20 s to end; a turn looks at the signal itself
 * before it makes the next.
 */
export const openRegions = (
  { mode, regions }: MirrorRules,
  { store, clock, signal }: { readonly store: ObjectStore; readonly clock: Clock; readonly signal: AbortSignal },
): MirrorRegions => {
  const late = new AbortController();
  const closed = new AbortController();
  const wait = async (): Promise<void> => {
    await clock.sleep(LAST_CALL_MS, closed.signal);
    if (!closed.signal.aborted) late.abort(signal.reason);
  };
  signal.addEventListener('abort', () => void wait(), { once: true, signal: closed.signal });
  if (signal.aborted) void wait();
  const open = (region: string): Ec2Mirror => {
    const ec2 = openEc2Mirror({ region, signal: late.signal });
    return mode === 'plan' ? new PlannedEc2Mirror(ec2, store, clock) : ec2;
  };
  const accounts = new Map([...regions.keys()].map((region) => [region, open(region)]));
  return {
    accounts,
    close: () => {
      closed.abort();
      for (const account of accounts.values()) account.close();
    },
  };
};
