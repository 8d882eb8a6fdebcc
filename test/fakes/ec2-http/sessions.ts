// Traffic mirror sessions of the fake EC2: made within the limits of interfaces, targets and the account; listed; deleted.
import { type Ec2Context, found, givenTags, type Handler, tagSet } from './context.ts';
import { Ec2Error } from './ec2-error.ts';
import { describe, type Listing } from './listing.ts';
import type { FakeInterface, FakeSession, FakeState, FakeTarget } from './state.ts';
import type { Xml } from './xml.ts';

const shape =
  (account: string) =>
  (session: FakeSession): Xml => ({
    trafficMirrorSessionId: session.id,
    trafficMirrorTargetId: session.target,
    trafficMirrorFilterId: session.filter,
    networkInterfaceId: session.interface,
    ownerId: account,
    packetLength: session.packetLength,
    sessionNumber: session.number,
    virtualNetworkId: session.virtualNetworkId,
    description: session.description,
    tagSet: tagSet(session.tags),
  });

const listing = (account: string): Listing<FakeSession> => ({
  set: 'trafficMirrorSessionSet',
  ids: 'TrafficMirrorSessionId',
  wellFormed: /^tms-\w/,
  idCode: 'InvalidTrafficMirrorSessionId',
  what: 'traffic mirror session',
  idsWithPages: true,
  filters: {
    'network-interface-id': (session) => [session.interface],
    'traffic-mirror-session-id': ({ id }) => [id],
    'traffic-mirror-target-id': ({ target }) => [target],
    'traffic-mirror-filter-id': ({ filter }) => [filter],
    'session-number': ({ number }) => [String(number)],
    'virtual-network-id': ({ virtualNetworkId }) => [String(virtualNetworkId)],
  },
  tagFilters: false, // EC2 documents none
  item: shape(account),
});

/**
 * A source is an attached interface of an instance that can be mirrored, and is not a target. In which order EC2 looks at
 * its conditions is not documented.
 */
const checkSource = ({ state, settings }: Ec2Context, source: FakeInterface): void => {
  if ([...state.targets.values()].some((target) => target.interface === source.id))
    throw new Ec2Error('InterfaceInUseByTrafficMirrorTarget', `${source.id} is used by a traffic mirror target`);
  const type = state.instances.get(source.instance ?? '')?.type;
  const family = type?.split('.')[0];
  const supported = family !== undefined && !settings.unsupportedFamilies.has(family);
  if (source.kind !== 'interface' || source.requesterManaged || !supported)
    throw new Ec2Error('NetworkInterfaceNotSupported', `${source.id} must be attached to a supported instance`);
};

const sourcesAllowed = ({ state, settings }: Ec2Context, target: FakeTarget): number => {
  if (target.interface === null) return Number.POSITIVE_INFINITY; // load balancers
  const host = state.interfaces.get(target.interface)?.instance ?? '';
  const type = state.instances.get(host)?.type ?? '';
  return settings.largeTypes.has(type) ? settings.sourcesPerLargeTarget : settings.sourcesPerTarget;
};

const checkLimits = (context: Ec2Context, source: FakeInterface, target: FakeTarget, number: number): void => {
  const { settings, state } = context;
  const sessions = [...state.sessions.values()];
  const ofSource = sessions.filter((session) => session.interface === source.id);
  if (ofSource.length >= settings.sessionsPerInterface)
    throw new Ec2Error(
      'TrafficMirrorSessionsPerInterfaceLimitExceeded',
      `Sessions per interface limit reached (${ofSource.length + 1})`,
    );
  if (ofSource.some((session) => session.number === number))
    throw new Ec2Error('InvalidParameterValue', `Session number ${number} is already in use by ${source.id}`);
  const sources = new Set(sessions.filter((one) => one.target === target.id).map((one) => one.interface));
  const count = sources.add(source.id).size;
  if (count > sourcesAllowed(context, target))
    throw new Ec2Error(
      'TrafficMirrorSourcesPerTargetLimitExceeded',
      `Sources per interface-target limit reached (${count})`,
    );
  if (sessions.length >= settings.sessionsPerAccount)
    throw new Ec2Error('TrafficMirrorSessionLimitExceeded', `Session limit reached (${sessions.length + 1})`);
};

export const createTrafficMirrorSession: Handler = (query, context) => {
  const { state, account } = context;
  const source = query.required('NetworkInterfaceId');
  const target = query.required('TrafficMirrorTargetId');
  const filter = query.required('TrafficMirrorFilterId');
  query.required('SessionNumber');
  const number = query.number('SessionNumber', 1, 32_766) ?? 0;
  const packetLength = query.number('PacketLength', 1, 8_500);
  const virtualNetworkId = query.number('VirtualNetworkId', 0, 16_777_215);
  const from = found(state.interfaces, source, 'InvalidNetworkInterfaceID.NotFound', 'networkInterface');
  const to = found(state.targets, target, 'InvalidTrafficMirrorTargetId.NotFound', 'traffic mirror target');
  found(state.filters, filter, 'InvalidTrafficMirrorFilterId.NotFound', 'traffic mirror filter');
  checkSource(context, from);
  checkLimits(context, from, to, number);
  const id = context.newId('tms-');
  const session: FakeSession = {
    ...{ id, interface: source, target, filter, number, packetLength },
    virtualNetworkId: virtualNetworkId ?? Number.parseInt(id.slice(-5), 16),
    description: query.text('Description'),
    tags: givenTags(query, 'traffic-mirror-session'),
  };
  state.sessions.set(id, session);
  return { trafficMirrorSession: shape(account)(session), clientToken: query.text('ClientToken') };
};

export const deleteTrafficMirrorSession: Handler = (query, { state }) => {
  const id = query.required('TrafficMirrorSessionId');
  found(state.sessions, id, 'InvalidTrafficMirrorSessionId.NotFound', 'traffic mirror session');
  state.sessions.delete(id);
  return { trafficMirrorSessionId: id };
};

export const describeTrafficMirrorSessions: Handler = (query, context) =>
  describe(query, context, listing(context.account), () => context.read().sessions);

/** EC2 deletes the sessions of an interface together with it. */
export const deleteSessionsOf = (state: FakeState, source: string): void => {
  for (const session of [...state.sessions.values()]) {
    if (session.interface === source) state.sessions.delete(session.id);
  }
};
