// Finds the addresses of both sides in the action of a GuardDuty finding, whatever kind of action it is.
import type { Block, JsonMembers } from './json-members.ts';
import type { Named } from './named.ts';

/**
 * `service.action`. Its kinds NETWORK_CONNECTION and PORT_PROBE have both sides, AWS_API_CALL, KUBERNETES_API_CALL and
 * RDS_LOGIN_ATTEMPT only the other one, DNS_REQUEST none; findings about malware have no action (GuardDuty API
 * 2017-11-28, Action).
 */
export function nameSides(members: JsonMembers, service: Block | null, named: Named): void {
  const action = members.block(service, 'action');
  const connection = members.block(action, 'networkConnectionAction');
  const probes = members.blocks(members.block(action, 'portProbeAction'), 'portProbeDetails');
  const kubernetes = members.block(action, 'kubernetesApiCallAction');
  named.localInterface(members.text(connection, 'localNetworkInterface'));
  for (const side of [connection, ...probes]) {
    for (const address of addresses(members, side, 'localIpDetails')) named.local(address);
  }
  const calls = ['awsApiCallAction', 'rdsLoginAttemptAction'].map((name) => members.block(action, name));
  for (const side of [connection, ...probes, ...calls, kubernetes]) {
    for (const address of addresses(members, side, 'remoteIpDetails')) named.remote(address);
  }
  for (const address of members.texts(kubernetes, 'sourceIPs')) named.remote(address);
}

function addresses(members: JsonMembers, side: Block | null, name: string): readonly (string | null)[] {
  const details = members.block(side, name);
  return [members.text(details, 'ipAddressV4'), members.text(details, 'ipAddressV6')];
}
