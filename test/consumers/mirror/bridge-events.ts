// Events as EventBridge puts them on a stream: GuardDuty findings and states of EC2 instances.

const ACCOUNT = '123456789012'; // of the stand-ins
const REGION = 'us-east-1';

const rfc3339 = (ms: number): string => new Date(ms).toISOString();

interface Event {
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly time: string;
  readonly detail: object;
}

let events = 0;
const event = (source: string, type: string, at: number, detail: object, account: string): Event => ({
  ...{ version: '0', id: `00000000-0000-4000-8000-${String(++events).padStart(12, '0')}` },
  ...{ 'detail-type': type, source, account, time: rfc3339(at), region: REGION, resources: [], detail },
});

export interface FindingState {
  readonly id: string; // any text: it is made hexadecimal
  readonly instance: string;
  /** Of the event, Unix ms. */
  readonly at: number;
  readonly updatedAt?: number;
  /** The interface that it is about, with its private address. */
  readonly on?: { readonly interface: string; readonly address: string };
  readonly type?: string;
  readonly severity?: number;
  readonly archived?: boolean;
  readonly remote?: string;
  readonly account?: string;
}

/** The id of a finding as GuardDuty makes them. */
export const findingId = (name: string): string => Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32);

export const findingEvent = (state: FindingState): Event => {
  const { id, instance, at, updatedAt = at, on, severity = 8, archived = false, account = ACCOUNT } = state;
  const networkInterfaces =
    on === undefined
      ? []
      : [
          {
            ...{ networkInterfaceId: on.interface, privateIpAddress: on.address, ipv6Addresses: [] },
            privateIpAddresses: [{ privateIpAddress: on.address }],
          },
        ];
  const action = {
    actionType: 'NETWORK_CONNECTION',
    networkConnectionAction: {
      ...{ connectionDirection: 'INBOUND', protocol: 'TCP', blocked: false },
      ...(on === undefined ? {} : { localIpDetails: { ipAddressV4: on.address } }),
      localPortDetails: { port: 22, portName: 'SSH' },
      remoteIpDetails: { ipAddressV4: state.remote ?? '198.51.100.7' },
      remotePortDetails: { port: 40_022, portName: 'Unknown' },
    },
  };
  const detail = {
    ...{ schemaVersion: '2.0', accountId: account, region: REGION, partition: 'aws', id: findingId(id) },
    arn: `arn:aws:guardduty:${REGION}:${account}:detector/0123/finding/${findingId(id)}`,
    type: state.type ?? 'UnauthorizedAccess:EC2/SSHBruteForce',
    resource: { resourceType: 'Instance', instanceDetails: { instanceId: instance, networkInterfaces } },
    service: { serviceName: 'guardduty', action, resourceRole: 'TARGET', archived, count: 1 },
    ...{ severity, createdAt: rfc3339(updatedAt), updatedAt: rfc3339(updatedAt) },
    ...{ title: `${instance} is performing SSH brute force attacks`, description: 'many attempts' },
  };
  return event('aws.guardduty', 'GuardDuty Finding', at, detail, account);
};

export const stateEvent = (instance: string, state: string, at: number): Event =>
  event('aws.ec2', 'EC2 Instance State-change Notification', at, { 'instance-id': instance, state }, ACCOUNT);
