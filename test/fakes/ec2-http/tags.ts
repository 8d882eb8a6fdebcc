// CreateTags and DeleteTags of the fake EC2, for everything in it that has tags.
import { found, type Handler } from './context.ts';
import { Ec2Error } from './ec2-error.ts';
import type { FakeState, FakeTags } from './state.ts';

const MOST_TAGS = 50;

const tagsOf = (state: FakeState, id: string): FakeTags => {
  const prefix = id.split('-')[0];
  switch (prefix) {
    case 'i':
      return found(state.instances, id, 'InvalidInstanceID.NotFound', 'instance').tags;
    case 'eni':
      return found(state.interfaces, id, 'InvalidNetworkInterfaceID.NotFound', 'networkInterface').tags;
    case 'tms':
      return found(state.sessions, id, 'InvalidTrafficMirrorSessionId.NotFound', 'traffic mirror session').tags;
    case 'tmt':
      return found(state.targets, id, 'InvalidTrafficMirrorTargetId.NotFound', 'traffic mirror target').tags;
    case 'tmf':
      return found(state.filters, id, 'InvalidTrafficMirrorFilterId.NotFound', 'traffic mirror filter').tags;
    default:
      throw new Ec2Error('InvalidID', `The ID '${id}' is not valid`);
  }
};

export const createTags: Handler = (query, { state }) => {
  const all = query.list('ResourceId').map((id) => tagsOf(state, id));
  for (const [key, value] of query.tags()) {
    if (key.startsWith('aws:'))
      throw new Ec2Error('InvalidParameterValue', `Tag keys starting with 'aws:' are reserved`);
    for (const tags of all) {
      if (!tags.has(key) && tags.size >= MOST_TAGS) throw new Ec2Error('TagLimitExceeded', 'Too many tags');
      tags.set(key, value ?? '');
    }
  }
  return { return: true };
};

/** A tag that is given with a value is removed only when it has that value. */
export const deleteTags: Handler = (query, { state }) => {
  const all = query.list('ResourceId').map((id) => tagsOf(state, id));
  for (const [key, value] of query.tags()) {
    for (const tags of all) if (value === undefined || tags.get(key) === value) tags.delete(key);
  }
  return { return: true };
};
