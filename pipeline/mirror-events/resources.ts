// Finds the instances and interfaces in the resource of a GuardDuty finding, and in the resources of an attack sequence.
import { type Block, type JsonMembers, quoted } from './json-members.ts';
import type { Named } from './named.ts';

/**
 * `resource.instanceDetails`, which stands there whatever the resource is said to be: of an access key it is the
 * instance that used it, of a cluster or container the one that it ran on. The task of an ECS cluster and the workload
 * of an EKS cluster name neither instance nor interface themselves (GuardDuty API 2017-11-28, EcsTaskDetails and
 * KubernetesWorkloadDetails).
 */
export function nameInstanceDetails(members: JsonMembers, resource: Block | null, named: Named): void {
  const details = members.block(resource, 'instanceDetails');
  named.instance(members.text(details, 'instanceId'));
  for (const one of members.blocks(details, 'networkInterfaces')) {
    named.interface(members.text(one, 'networkInterfaceId'), [
      members.text(one, 'privateIpAddress'),
      ...privateAddresses(members, one),
    ]);
  }
}

/** Of either kind of interface block, IPv4 before IPv6. */
const privateAddresses = (members: JsonMembers, one: Block | null): readonly (string | null)[] => [
  ...members.blocks(one, 'privateIpAddresses').map((address) => members.text(address, 'privateIpAddress')),
  ...members.texts(one, 'ipv6Addresses'),
];

/**
 * What a resource has in common with instances that it lists in `ec2InstanceUids`: those of a compromised cluster are
 * its nodes, those of the others the compromised instances (GuardDuty API 2017-11-28, ResourceData).
 */
const GROUPS = [
  ...['eksCluster', 'ecsCluster', 'iamInstanceProfile', 'autoscalingAutoScalingGroup', 'ec2LaunchTemplate'],
  ...['ec2Vpc', 'ec2Image', 'cloudformationStack'],
];

/**
 * `service.detection.sequence`: its resources, and the addresses of its endpoints as those of the other side. Resources
 * of another account or region than the finding's are left out, with a note: their ids mean nothing here.
 */
export function nameSequence(
  members: JsonMembers,
  service: Block | null,
  home: { readonly account: string; readonly region: string },
  named: Named,
): void {
  const sequence = members.block(members.block(service, 'detection'), 'sequence');
  for (const resource of members.blocks(sequence, 'resources')) {
    const account = members.text(resource, 'accountId') ?? home.account;
    const region = members.text(resource, 'region') ?? home.region;
    const uid = members.text(resource, 'uid');
    if (account === home.account && region === home.region) nameResource(members, resource, uid, named);
    else named.elsewhere(`${quoted(uid ?? '')} is of account ${quoted(account)}, region ${quoted(region)}`);
  }
  for (const endpoint of members.blocks(sequence, 'endpoints')) named.remote(members.text(endpoint, 'ip'));
}

function nameResource(members: JsonMembers, resource: Block, uid: string | null, named: Named): void {
  const data = members.block(resource, 'data');
  const kind = members.text(resource, 'resourceType');
  if (kind === 'EC2_INSTANCE') named.instance(uid);
  const instance = members.block(data, 'ec2Instance');
  for (const id of members.texts(instance, 'ec2NetworkInterfaceUids')) named.interface(id, []);
  if (kind === 'EC2_NETWORK_INTERFACE') {
    named.interface(uid, privateAddresses(members, members.block(data, 'ec2NetworkInterface')));
  }
  for (const group of GROUPS) {
    for (const id of members.texts(members.block(data, group), 'ec2InstanceUids')) named.instance(id);
  }
}
