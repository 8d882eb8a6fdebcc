// Turns a region into its Ec2Mirror: the real account, through the SDK.
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Ec2Mirror } from '../../../schemas/mirroring/account.ts';
import { type Ec2Place, ec2Clients, type Patience } from '../../shared/mirroring/ec2-clients.ts';
import { unlessAborted } from '../../shared/unless-aborted.ts';
import { changes } from './changes.ts';
import { reads } from './reads.ts';
import { readError } from './refusals.ts';

export interface Ec2MirrorOptions {
  readonly region: string;
  /** Ends what is under way: every call then rejects with its reason. A change may still have been made. */
  readonly signal?: AbortSignal;
  /** A stand-in for EC2; without it the SDK's own settings decide. */
  readonly place?: Ec2Place;
  readonly patience?: Partial<Patience>;
}

/** Opens no connection before the first call. Obligations and errors: see Ec2Mirror. */
export const openEc2Mirror = ({ region, signal, place, patience }: Ec2MirrorOptions): Ec2Mirror => {
  const { ec2, sts } = ec2Clients(region, place, patience);
  // The SDK ends a request with the signal, but not the pause before the next try.
  const inTime = <T>(work: Promise<T>): Promise<T> => unlessAborted(work, signal);
  let account: Promise<string> | null = null;
  const identify = async (): Promise<string> => {
    const action = 'sts:GetCallerIdentity';
    try {
      const options = signal === undefined ? {} : { abortSignal: signal };
      const { Account } = await inTime(sts.send(new GetCallerIdentityCommand({}), options));
      if (Account !== undefined) return Account;
    } catch (error) {
      account = null; // asked again the next time
      if (signal?.aborted) throw signal.reason;
      throw readError(action, region, error);
    }
    account = null;
    throw new VpcflowError('VF_SERVICE', `${action} in ${region} says no account`);
  };
  return {
    region,
    account: () => {
      account ??= identify();
      return account;
    },
    ...reads({ client: ec2, region, signal, inTime }),
    ...changes({ client: ec2, signal, inTime }),
    close: () => {
      ec2.destroy();
      sts.destroy();
    },
  };
};
