// Network interfaces of the fake EC2, as DescribeNetworkInterfaces and DescribeInstances show them.
import { type Handler, tagSet } from './context.ts';
import { describe, type Listing } from './listing.ts';
import type { FakeInterface } from './state.ts';
import type { Xml } from './xml.ts';

const addressSets = ({ addresses }: FakeInterface) => {
  const v4 = addresses.filter((one) => !one.includes(':'));
  return {
    privateIpAddress: v4[0],
    privateIpAddressesSet: v4.map((privateIpAddress, i) => ({ privateIpAddress, primary: i === 0 })),
    ipv6AddressesSet: addresses.filter((one) => one.includes(':')).map((ipv6Address) => ({ ipv6Address })),
  };
};

const attachment = ({ id, deviceIndex }: FakeInterface) => ({
  ...{ attachmentId: id.replace('eni-', 'eni-attach-'), deviceIndex, networkCardIndex: 0 },
  ...{ status: 'attached', deleteOnTermination: true },
});

const shape =
  (account: string) =>
  (one: FakeInterface): Xml => ({
    ...{ networkInterfaceId: one.id, subnetId: one.subnet, vpcId: one.vpc, availabilityZone: one.zone },
    ...{ description: '', ownerId: account, requesterManaged: one.requesterManaged },
    status: one.instance === null ? 'available' : 'in-use',
    attachment:
      one.instance === null ? undefined : { ...attachment(one), instanceId: one.instance, instanceOwnerId: account },
    tagSet: tagSet(one.tags),
    ...addressSets(one),
    interfaceType: one.kind,
  });

/** As a member of an instance: without a zone, tags and the instance itself. */
export const shapeInInstance = (one: FakeInterface): Xml => ({
  ...{ networkInterfaceId: one.id, subnetId: one.subnet, vpcId: one.vpc, status: 'in-use' },
  ...{ attachment: attachment(one), groupSet: [], ...addressSets(one), interfaceType: one.kind },
});

const listing = (account: string): Listing<FakeInterface> => ({
  set: 'networkInterfaceSet',
  ids: 'NetworkInterfaceId',
  wellFormed: /^eni-[0-9a-z-]+$/,
  idCode: 'InvalidNetworkInterfaceID',
  what: 'networkInterface',
  idsWithPages: false,
  filters: {
    'network-interface-id': ({ id }) => [id],
    'attachment.instance-id': ({ instance }) => (instance === null ? [] : [instance]),
    'subnet-id': ({ subnet }) => [subnet],
    'vpc-id': ({ vpc }) => [vpc],
  },
  tagFilters: true,
  item: shape(account),
});

export const describeNetworkInterfaces: Handler = (query, context) =>
  describe(query, context, listing(context.account), () => context.read().interfaces);
