// Turns the little that a test says of an account into all that EC2 would know of it.
import type { FakeFilter, FakeInstance, FakeInterface, FakeSession, FakeState, FakeTags, FakeTarget } from './state.ts';

type Given<T extends { readonly id: string }> = Partial<Omit<T, 'id' | 'tags'>> & {
  readonly id: string;
  readonly tags?: Readonly<Record<string, string>>;
};

/** Without interfaces it has one, `eni-` and the rest of the instance's own id. */
export type GivenInstance = Given<FakeInstance> & { readonly interfaces?: readonly Given<FakeInterface>[] };

export interface FakeWorld {
  readonly account?: string;
  readonly region?: string;
  readonly instances?: readonly GivenInstance[];
  /** Those of no instance, or described apart from it. */
  readonly interfaces?: readonly Given<FakeInterface>[];
  readonly targets?: readonly Given<FakeTarget>[];
  /** Without numbers of rules: one of each direction. */
  readonly filters?: readonly Given<FakeFilter>[];
  readonly sessions?: readonly (Given<FakeSession> & Pick<FakeSession, 'interface' | 'target'>)[];
}

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';
const LAUNCHED = Date.UTC(2026, 10, 20, 4, 0, 0);

const tagsOf = ({ tags }: { readonly tags?: Readonly<Record<string, string>> }): FakeTags =>
  new Map(Object.entries(tags ?? {}));

/** The n-th address of a network for those that nobody gave one. */
export const addressOf = (n: number): string => `10.99.${Math.floor(n / 250)}.${(n % 250) + 1}`;

/** A place in the account: the subnet tells its network and zone where only it is given. */
const placeOf = (
  given: { readonly subnet?: string; readonly vpc?: string; readonly zone?: string },
  region: string,
) => ({
  subnet: given.subnet ?? 'subnet-a',
  vpc: given.vpc ?? 'vpc-1',
  zone: given.zone ?? `${region}a`,
});

const instanceFrom = (given: GivenInstance, region: string): FakeInstance => ({
  id: given.id,
  type: given.type ?? 'm5.large',
  state: given.state ?? 'running',
  launched: given.launched ?? LAUNCHED,
  image: given.image ?? 'ami-1',
  ...placeOf(given, region),
  tags: tagsOf(given),
  lasts: given.lasts ?? null,
});

const interfaceFrom = (given: Given<FakeInterface>, region: string, n: number): FakeInterface => ({
  id: given.id,
  instance: given.instance ?? null,
  deviceIndex: given.deviceIndex ?? null,
  ...placeOf(given, region),
  kind: given.kind ?? 'interface',
  requesterManaged: given.requesterManaged ?? false,
  addresses: given.addresses ?? [addressOf(n)],
  tags: tagsOf(given),
});

const interfacesOf = (instance: GivenInstance): readonly Given<FakeInterface>[] => {
  const own = instance.interfaces ?? [{ id: instance.id.replace(/^i-/, 'eni-') }];
  const { subnet, vpc, zone } = instance;
  const place = {
    ...(subnet === undefined ? {} : { subnet }),
    ...(vpc === undefined ? {} : { vpc }),
    ...(zone === undefined ? {} : { zone }),
  };
  return own.map((one, i) => ({ ...place, instance: instance.id, deviceIndex: i, ...one }));
};

const byId = <T extends { readonly id: string }>(all: readonly T[]): Map<string, T> =>
  new Map(all.map((one) => [one.id, one]));

export const stateOf = (world: FakeWorld): FakeState => {
  const region = world.region ?? REGION;
  const interfaces = [...(world.instances ?? []).flatMap(interfacesOf), ...(world.interfaces ?? [])];
  return {
    instances: byId((world.instances ?? []).map((one) => instanceFrom(one, region))),
    interfaces: byId(interfaces.map((one, n) => interfaceFrom(one, region, n))),
    targets: byId(
      (world.targets ?? []).map((one) => ({
        id: one.id,
        kind: one.kind ?? 'network-interface',
        interface: one.interface ?? null,
        owner: one.owner ?? world.account ?? ACCOUNT,
        description: one.description,
        tags: tagsOf(one),
      })),
    ),
    sessions: byId(
      (world.sessions ?? []).map((one, n) => ({
        ...{ id: one.id, interface: one.interface, target: one.target, filter: one.filter ?? 'tmf-1' },
        ...{ number: one.number ?? 1, virtualNetworkId: one.virtualNetworkId ?? 1000 + n },
        ...{ packetLength: one.packetLength, description: one.description, tags: tagsOf(one) },
      })),
    ),
    filters: byId(
      (world.filters ?? []).map((one) => ({
        ...{ id: one.id, ingress: one.ingress ?? 1, egress: one.egress ?? 1, tags: tagsOf(one) },
      })),
    ),
  };
};
