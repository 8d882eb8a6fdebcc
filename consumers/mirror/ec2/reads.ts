// Turns EC2's paginated descriptions into all that a region has of instances, interfaces, sessions, targets and filters.
import {
  DescribeInstancesCommand,
  type EC2Client,
  type Filter,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeNetworkInterfaces,
  paginateDescribeTrafficMirrorFilters,
  paginateDescribeTrafficMirrorSessions,
  paginateDescribeTrafficMirrorTargets,
  type Reservation,
} from '@aws-sdk/client-ec2';
import { type Ec2Mirror, type MirrorInstance, TAG } from '../../../schemas/mirroring/account.ts';
import { readError, saysUnknownId } from './refusals.ts';
import { filterOf, instanceOf, interfaceOf, sessionOf, targetOf } from './shapes.ts';

const PAGE = 1000; // the most that EC2 gives
const INSTANCES_A_PAGE = 200;
const IDS_A_CALL = 200; // the most values that a filter of EC2 takes

export type Reads = Pick<
  Ec2Mirror,
  'instances' | 'instancePage' | 'managedInstances' | 'interfaces' | 'sessions' | 'targets' | 'filters'
>;

export interface ReadPlace {
  readonly client: EC2Client;
  readonly region: string;
  readonly signal: AbortSignal | undefined;
  /** Settles at the latest with the signal's reason. */
  readonly inTime: <T>(work: Promise<T>) => Promise<T>;
}

/** By id, or by a filter of those ids; one of the two, since EC2 takes no page size along with ids. */
type Asked = { readonly ids: string[] } | { readonly filter: Filter };

const batchesOf = (ids: readonly string[]): readonly string[][] => {
  const each = [...new Set(ids)];
  const count = Math.ceil(each.length / IDS_A_CALL);
  return Array.from({ length: count }, (_, i) => each.slice(i * IDS_A_CALL, (i + 1) * IDS_A_CALL));
};

/**
 * Asks by id, which EC2 answers without searching. When one of the ids is not there EC2 describes none of them: then it
 * is asked again by a filter, which leaves out what is not there.
 */
const byIds = async <T>(
  ids: readonly string[],
  filter: string,
  ask: (asked: Asked) => Promise<readonly T[]>,
): Promise<readonly T[]> => {
  const found: T[] = [];
  for (const batch of batchesOf(ids)) {
    try {
      found.push(...(await ask({ ids: batch })));
    } catch (error) {
      if (!saysUnknownId(error)) throw error;
      found.push(...(await ask({ filter: { Name: filter, Values: batch } })));
    }
  }
  return found;
};

/** A stand-in for EC2 may not know `of`, the member of a page: an answer without it has none. */
const all = async <Page, T>(pages: AsyncIterable<Page>, of: (page: Page) => readonly T[] | undefined): Promise<T[]> => {
  const found: T[] = [];
  for await (const page of pages) found.push(...(of(page) ?? []));
  return found;
};

const instancesOf = (reservations: readonly Reservation[] | undefined): readonly Instance[] =>
  (reservations ?? []).flatMap(({ Instances }) => Instances ?? []);

/** Reads reject with VF_SERVICE, which names the action, the region and what EC2 said, or with the signal's reason. */
export const reads = ({ client, region, signal, inTime }: ReadPlace): Reads => {
  const options = signal === undefined ? {} : { abortSignal: signal };
  const reading = async <T>(action: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await inTime(work());
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw readError(action, region, error);
    }
  };
  const described = async (asked: Asked): Promise<readonly MirrorInstance[]> => {
    const pages =
      'ids' in asked
        ? paginateDescribeInstances({ client }, { InstanceIds: asked.ids }, options)
        : paginateDescribeInstances({ client, pageSize: PAGE }, { Filters: [asked.filter] }, options);
    return (await all(pages, ({ Reservations }) => instancesOf(Reservations))).map(instanceOf);
  };

  return {
    instances: (ids) =>
      reading('ec2:DescribeInstances', async () => {
        const wanted = new Set(ids);
        return (await byIds(ids, 'instance-id', described)).filter(({ id }) => wanted.has(id));
      }),

    instancePage: (next) =>
      reading('ec2:DescribeInstances', async () => {
        const page = new DescribeInstancesCommand({
          Filters: [{ Name: 'instance-state-name', Values: ['running'] }],
          MaxResults: INSTANCES_A_PAGE,
          ...(next === null ? {} : { NextToken: next }),
        });
        const { Reservations, NextToken } = await client.send(page, options);
        const running = instancesOf(Reservations)
          .map(instanceOf)
          .filter(({ state }) => state === 'running');
        return { instances: running, next: NextToken || null };
      }),

    managedInstances: () =>
      reading('ec2:DescribeInstances', async () => {
        const found = await described({ filter: { Name: `tag:${TAG.managed}`, Values: ['true'] } });
        return found.filter(({ tags }) => tags[TAG.managed] === 'true');
      }),

    interfaces: (ids) =>
      reading('ec2:DescribeNetworkInterfaces', async () => {
        const wanted = new Set(ids);
        const found = await byIds(ids, 'network-interface-id', async (asked) => {
          const pages =
            'ids' in asked
              ? paginateDescribeNetworkInterfaces({ client }, { NetworkInterfaceIds: asked.ids }, options)
              : paginateDescribeNetworkInterfaces({ client, pageSize: PAGE }, { Filters: [asked.filter] }, options);
          return (await all(pages, (page) => page.NetworkInterfaces)).map(interfaceOf);
        });
        return found.filter(({ id }) => wanted.has(id));
      }),

    sessions: () =>
      reading('ec2:DescribeTrafficMirrorSessions', async () => {
        const pages = paginateDescribeTrafficMirrorSessions({ client, pageSize: PAGE }, {}, options);
        return (await all(pages, (page) => page.TrafficMirrorSessions)).map(sessionOf);
      }),

    targets: () =>
      reading('ec2:DescribeTrafficMirrorTargets', async () => {
        const pages = paginateDescribeTrafficMirrorTargets({ client, pageSize: PAGE }, {}, options);
        return (await all(pages, (page) => page.TrafficMirrorTargets)).map(targetOf);
      }),

    filters: () =>
      reading('ec2:DescribeTrafficMirrorFilters', async () => {
        const pages = paginateDescribeTrafficMirrorFilters({ client, pageSize: PAGE }, {}, options);
        return (await all(pages, (page) => page.TrafficMirrorFilters)).map(filterOf);
      }),
  };
};
