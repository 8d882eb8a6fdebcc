// Instances of the fake EC2: launched pending, running after some looks at them, terminated after some more.
import { type Ec2Context, found, givenTags, type Handler, tagSet } from './context.ts';
import { Ec2Error } from './ec2-error.ts';
import { shapeInInstance } from './interfaces.ts';
import { describe, type Listing } from './listing.ts';
import { deleteSessionsOf } from './sessions.ts';
import type { FakeInstance, FakeInterface, FakeState } from './state.ts';
import { addressOf } from './world.ts';
import type { Xml } from './xml.ts';

const CODES = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 } as const;

const stateShape = ({ state }: FakeInstance) => ({ code: CODES[state], name: state });

/** By device index, as long as it has any. */
const interfacesOf = (state: FakeState, { id }: FakeInstance): readonly FakeInterface[] =>
  [...state.interfaces.values()]
    .filter(({ instance }) => instance === id)
    .toSorted((a, b) => (a.deviceIndex ?? 0) - (b.deviceIndex ?? 0));

const shape =
  (state: FakeState) =>
  (instance: FakeInstance): Xml => {
    const gone = instance.state === 'terminated';
    return {
      ...{ instanceId: instance.id, imageId: instance.image, instanceState: stateShape(instance) },
      ...{ instanceType: instance.type, launchTime: new Date(instance.launched).toISOString() },
      placement: { availabilityZone: instance.zone, tenancy: 'default' },
      ...(gone ? {} : { subnetId: instance.subnet, vpcId: instance.vpc }),
      tagSet: tagSet(instance.tags),
      groupSet: [],
      networkInterfaceSet: interfacesOf(state, instance).map(shapeInInstance),
    };
  };

const listing = (account: string, state: FakeState): Listing<FakeInstance> => ({
  set: 'reservationSet',
  ids: 'InstanceId',
  wellFormed: /^i-[0-9a-z-]+$/,
  idCode: 'InvalidInstanceID',
  what: 'instance',
  idsWithPages: false,
  filters: {
    'instance-id': ({ id }) => [id],
    'instance-state-name': (instance) => [instance.state],
    'subnet-id': ({ subnet }) => [subnet],
    'vpc-id': ({ vpc }) => [vpc],
  },
  tagFilters: true,
  item: (instance) => ({
    ...{ reservationId: instance.id.replace('i-', 'r-'), ownerId: account, groupSet: [] },
    instancesSet: [shape(state)(instance)],
  }),
});

/** Terminated, with its interfaces and their sessions gone; it stays described for a while, with EC2 for an hour. */
const end = (state: FakeState, instance: FakeInstance): void => {
  for (const { id } of interfacesOf(state, instance)) {
    deleteSessionsOf(state, id);
    state.interfaces.delete(id);
  }
  instance.state = 'terminated';
};

/** What comes after pending or shutting-down is there for those that no further look sees so. */
const moveOn = (state: FakeState): void => {
  for (const instance of state.instances.values()) {
    if (instance.lasts === null || instance.lasts > 0) continue;
    if (instance.state === 'pending') instance.state = 'running';
    else if (instance.state === 'shutting-down') end(state, instance);
  }
};

export const describeInstances: Handler = (query, context) => {
  moveOn(context.state);
  const seen = context.read();
  const answer = describe(query, context, listing(context.account, seen), () => seen.instances);
  for (const instance of context.state.instances.values()) if (instance.lasts !== null) instance.lasts -= 1;
  moveOn(context.state);
  return answer;
};

const placeOf = ({ settings, state }: Ec2Context, subnet: string): { readonly vpc: string; readonly zone: string } => {
  const known = settings.subnets.get(subnet) ?? [...state.interfaces.values()].find((one) => one.subnet === subnet);
  if (known === undefined) throw new Ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${subnet}' does not exist`);
  return { vpc: known.vpc, zone: known.zone };
};

export const runInstances: Handler = (query, context) => {
  const { state, settings, account } = context;
  const subnet = query.required('SubnetId');
  const image = query.required('ImageId');
  query.required('MinCount');
  if (query.number('MaxCount', 1, 1) === undefined) query.required('MaxCount');
  const place = { subnet, ...placeOf(context, subnet) };
  const instance: FakeInstance = {
    ...{ id: context.newId('i-'), type: query.text('InstanceType') ?? 'm1.small', state: 'pending' as const },
    ...{ launched: settings.now(), image, ...place, tags: givenTags(query, 'instance'), lasts: settings.startsAfter },
  };
  const eni: FakeInterface = {
    ...{ id: context.newId('eni-'), instance: instance.id, deviceIndex: 0, ...place, kind: 'interface' },
    ...{ requesterManaged: false, addresses: [addressOf(1000 + state.interfaces.size)], tags: new Map() },
  };
  state.instances.set(instance.id, instance);
  state.interfaces.set(eni.id, eni);
  const reservation = { reservationId: context.newId('r-'), ownerId: account, groupSet: [] };
  return { ...reservation, instancesSet: [shape(state)(instance)] };
};

export const terminateInstances: Handler = (query, { state, settings }) => {
  const instances = query
    .list('InstanceId')
    .map((id) => found(state.instances, id, 'InvalidInstanceID.NotFound', 'instance'));
  return {
    instancesSet: instances.map((instance) => {
      const previousState = stateShape(instance);
      if (instance.state !== 'terminated') {
        instance.state = 'shutting-down';
        instance.lasts = settings.endsAfter;
        if (settings.endsAfter <= 0) end(state, instance);
      }
      return { instanceId: instance.id, currentState: stateShape(instance), previousState };
    }),
  };
};
