// Turns the regions of the rules into the accounts in which sessions are made: EC2 itself or, in plan mode, its overlay in the store.
import type { Clock } from '../../../schemas/clock.ts';
import type { Ec2Mirror } from '../../../schemas/mirroring/account.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { PlannedEc2Mirror } from '../../shared/mirroring/planned-account.ts';
import { openEc2Mirror } from '../ec2/open.ts';

export interface MirrorRegions {
  /** By region, one for each with rules. */
  readonly accounts: ReadonlyMap<string, Ec2Mirror>;
  close(): void;
}

/** Opens no connection. `signal` ends calls that are under way: their answers are not known then. */
export const openRegions = (
  { mode, regions }: MirrorRules,
  { store, clock, signal }: { readonly store: ObjectStore; readonly clock: Clock; readonly signal: AbortSignal },
): MirrorRegions => {
  const open = (region: string): Ec2Mirror => {
    const ec2 = openEc2Mirror({ region, signal });
    return mode === 'plan' ? new PlannedEc2Mirror(ec2, store, clock) : ec2;
  };
  const accounts = new Map([...regions.keys()].map((region) => [region, open(region)]));
  const close = (): void => {
    for (const account of accounts.values()) account.close();
  };
  return { accounts, close };
};
