// Turns EC2's descriptions of instances, interfaces and traffic mirroring into ours, whatever of them is missing.
import type {
  Instance,
  InstanceNetworkInterface,
  NetworkInterface,
  Tag,
  TrafficMirrorFilter,
  TrafficMirrorSession,
  TrafficMirrorTarget,
} from '@aws-sdk/client-ec2';
import { canonicalAddress } from '../../../pipeline/address/address.ts';
import type {
  MirrorFilter,
  MirrorInstance,
  MirrorInterface,
  MirrorSession,
  MirrorTarget,
  Tags,
} from '../../../schemas/mirroring/account.ts';
import { INSTANCE_STATES } from '../../../schemas/mirroring/events.ts';

const tagsOf = (tags: readonly Tag[] | undefined): Tags =>
  Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));

/** Both shapes of an interface name its addresses alike; the first one is said twice. */
const addressesOf = (shape: NetworkInterface | InstanceNetworkInterface): readonly string[] => {
  const told = [
    shape.PrivateIpAddress,
    ...(shape.PrivateIpAddresses ?? []).map(({ PrivateIpAddress }) => PrivateIpAddress),
    ...(shape.Ipv6Addresses ?? []).map(({ Ipv6Address }) => Ipv6Address),
  ];
  const canonical = told.map((one) => (one === undefined ? null : canonicalAddress(one)));
  return [...new Set(canonical.filter((one) => one !== null))];
};

/** Of DescribeNetworkInterfaces. */
export const interfaceOf = (shape: NetworkInterface): MirrorInterface => {
  const attachment = shape.Attachment?.Status === 'detached' ? undefined : shape.Attachment;
  return {
    id: shape.NetworkInterfaceId ?? '',
    instance: attachment?.InstanceId || null,
    deviceIndex: attachment?.DeviceIndex ?? null,
    subnet: shape.SubnetId ?? '',
    vpc: shape.VpcId ?? '',
    zone: shape.AvailabilityZone ?? '',
    kind: shape.InterfaceType ?? 'interface',
    requesterManaged: shape.RequesterManaged ?? false,
    addresses: addressesOf(shape),
  };
};

/** As an instance describes its own: without the zone, which is the instance's, and without who manages it. */
const interfaceOfInstance = (shape: InstanceNetworkInterface, instance: Instance): MirrorInterface => ({
  id: shape.NetworkInterfaceId ?? '',
  instance: instance.InstanceId ?? '',
  deviceIndex: shape.Attachment?.DeviceIndex ?? null,
  subnet: shape.SubnetId ?? '',
  vpc: shape.VpcId ?? '',
  zone: instance.Placement?.AvailabilityZone ?? '',
  kind: shape.InterfaceType ?? 'interface',
  requesterManaged: false,
  addresses: addressesOf(shape),
});

const byDevice = (a: InstanceNetworkInterface, b: InstanceNetworkInterface): number =>
  (a.Attachment?.NetworkCardIndex ?? 0) - (b.Attachment?.NetworkCardIndex ?? 0) ||
  (a.Attachment?.DeviceIndex ?? 0) - (b.Attachment?.DeviceIndex ?? 0);

/** Of DescribeInstances and RunInstances. A terminated instance has neither subnet nor interfaces. */
export const instanceOf = (shape: Instance): MirrorInstance => ({
  id: shape.InstanceId ?? '',
  type: shape.InstanceType ?? '',
  // Whatever has no known state is not to be counted on yet.
  state: INSTANCE_STATES.find((state) => state === shape.State?.Name) ?? 'pending',
  launched: shape.LaunchTime?.getTime() ?? 0,
  image: shape.ImageId ?? '',
  subnet: shape.SubnetId ?? '',
  vpc: shape.VpcId ?? '',
  zone: shape.Placement?.AvailabilityZone ?? '',
  tags: tagsOf(shape.Tags),
  interfaces: (shape.NetworkInterfaces ?? [])
    .filter(({ Attachment }) => Attachment?.Status !== 'detached')
    .toSorted(byDevice)
    .map((one) => interfaceOfInstance(one, shape)),
});

export const sessionOf = (shape: TrafficMirrorSession): MirrorSession => ({
  id: shape.TrafficMirrorSessionId ?? '',
  interface: shape.NetworkInterfaceId ?? '',
  target: shape.TrafficMirrorTargetId ?? '',
  filter: shape.TrafficMirrorFilterId ?? '',
  number: shape.SessionNumber ?? 0,
  virtualNetworkId: shape.VirtualNetworkId ?? null,
  packetLength: shape.PacketLength ?? null,
  tags: tagsOf(shape.Tags),
});

const kindOfTarget = (shape: TrafficMirrorTarget): MirrorTarget['kind'] => {
  if (shape.Type === 'network-load-balancer' || shape.Type === 'gateway-load-balancer-endpoint') return shape.Type;
  return 'network-interface';
};

export const targetOf = (shape: TrafficMirrorTarget): MirrorTarget => ({
  id: shape.TrafficMirrorTargetId ?? '',
  kind: kindOfTarget(shape),
  interface: shape.NetworkInterfaceId || null,
  owner: shape.OwnerId ?? '',
  tags: tagsOf(shape.Tags),
});

export const filterOf = (shape: TrafficMirrorFilter): MirrorFilter => ({
  id: shape.TrafficMirrorFilterId ?? '',
  rules: (shape.IngressFilterRules ?? []).length + (shape.EgressFilterRules ?? []).length,
});
