// Traffic mirror targets and filters of the fake EC2: targets made of free interfaces; both listed, and deleted when unused.
import { found, givenTags, type Handler, tagSet } from './context.ts';
import { Ec2Error } from './ec2-error.ts';
import { describe, type Listing } from './listing.ts';
import type { FakeFilter, FakeTarget } from './state.ts';
import type { Xml } from './xml.ts';

const shape = (target: FakeTarget): Xml => ({
  trafficMirrorTargetId: target.id,
  networkInterfaceId: target.interface,
  type: target.kind,
  description: target.description,
  ownerId: target.owner,
  tagSet: tagSet(target.tags),
});

const TARGETS: Listing<FakeTarget> = {
  set: 'trafficMirrorTargetSet',
  ids: 'TrafficMirrorTargetId',
  wellFormed: /^tmt-\w/,
  idCode: 'InvalidTrafficMirrorTargetId',
  what: 'traffic mirror target',
  idsWithPages: true,
  filters: {
    'network-interface-id': (target) => (target.interface === null ? [] : [target.interface]),
    'traffic-mirror-target-id': ({ id }) => [id],
    'owner-id': ({ owner }) => [owner],
  },
  tagFilters: false, // EC2 documents none
  item: shape,
};

const rules = (direction: string, count: number): Xml =>
  Array.from({ length: count }, (_, i) => ({
    ...{ trafficMirrorFilterRuleId: `tmfr-${direction}-${i}`, trafficDirection: direction },
    ...{ ruleNumber: 100 + i, ruleAction: 'accept', destinationCidrBlock: '0.0.0.0/0', sourceCidrBlock: '0.0.0.0/0' },
  }));

const FILTERS: Listing<FakeFilter> = {
  set: 'trafficMirrorFilterSet',
  ids: 'TrafficMirrorFilterId',
  wellFormed: /^tmf-\w/,
  idCode: 'InvalidTrafficMirrorFilterId',
  what: 'traffic mirror filter',
  idsWithPages: true,
  filters: { 'traffic-mirror-filter-id': ({ id }) => [id] },
  tagFilters: false,
  item: ({ id, ingress, egress, tags }) => ({
    trafficMirrorFilterId: id,
    ingressFilterRuleSet: rules('ingress', ingress),
    egressFilterRuleSet: rules('egress', egress),
    networkServiceSet: [],
    tagSet: tagSet(tags),
  }),
};

export const createTrafficMirrorTarget: Handler = (query, context) => {
  const { state, settings } = context;
  const id = query.required('NetworkInterfaceId');
  if (!state.interfaces.has(id))
    throw new Ec2Error('InvalidTrafficMirrorTarget', `The interface ID '${id}' does not exist`);
  if ([...state.targets.values()].some((target) => target.interface === id))
    throw new Ec2Error('InterfaceInUseByTrafficMirrorTarget', `${id} is used by a traffic mirror target`);
  if ([...state.sessions.values()].some((session) => session.interface === id))
    throw new Ec2Error('InterfaceInUseByTrafficMirrorSession', `${id} is used by a traffic mirror session`);
  if (state.targets.size >= settings.targetsPerAccount)
    throw new Ec2Error('TrafficMirrorTargetLimitExceeded', `Target limit reached (${state.targets.size + 1})`);
  const target: FakeTarget = {
    ...{ id: context.newId('tmt-'), kind: 'network-interface', interface: id, owner: context.account },
    description: query.text('Description'),
    tags: givenTags(query, 'traffic-mirror-target'),
  };
  state.targets.set(target.id, target);
  return { trafficMirrorTarget: shape(target), clientToken: query.text('ClientToken') };
};

export const deleteTrafficMirrorTarget: Handler = (query, { state }) => {
  const id = query.required('TrafficMirrorTargetId');
  found(state.targets, id, 'InvalidTrafficMirrorTargetId.NotFound', 'traffic mirror target');
  if ([...state.sessions.values()].some((session) => session.target === id))
    throw new Ec2Error('TrafficMirrorTargetInUseException', `${id} is used by a traffic mirror session`);
  state.targets.delete(id);
  return { trafficMirrorTargetId: id };
};

export const describeTrafficMirrorTargets: Handler = (query, context) =>
  describe(query, context, TARGETS, () => context.read().targets);

export const deleteTrafficMirrorFilter: Handler = (query, { state }) => {
  const id = query.required('TrafficMirrorFilterId');
  found(state.filters, id, 'InvalidTrafficMirrorFilterId.NotFound', 'traffic mirror filter');
  if ([...state.sessions.values()].some((session) => session.filter === id))
    throw new Ec2Error('TrafficMirrorFilterInUse', `${id} is used by a traffic mirror session`);
  state.filters.delete(id);
  return { trafficMirrorFilterId: id };
};

export const describeTrafficMirrorFilters: Handler = (query, context) =>
  describe(query, context, FILTERS, () => context.read().filters);
