// Turns a call to EC2, and what it answered with, into the columns of the audit that say what the call was.
import { TAG, type Tags } from '../../schemas/mirroring/account.ts';
import type { MirroringRow } from '../../schemas/mirroring/audit-row.ts';
import type { MirrorAction } from '../../schemas/mirroring/plan.ts';

export type RowPart = Partial<MirroringRow>;

/** Its kind and parameters. What is done to tags stands in `detail`. */
export function callColumns(action: MirrorAction): RowPart {
  const { kind } = action;
  switch (kind) {
    case 'create-session': {
      const { session } = action;
      return {
        ...{ action: kind, interface_id: session.interface, target_id: session.target, filter_id: session.filter },
        ...{ session_number: session.number, virtual_network_id: session.virtualNetworkId, token: session.token },
        ...{ packet_length: session.packetLength, ...taggedColumns(session.tags) },
      };
    }
    case 'create-target':
      return { action: kind, interface_id: action.target.interface, token: action.target.token, session_id: null };
    case 'run-instance':
      return { action: kind, subnet_id: action.instance.subnet, token: action.instance.token, session_id: null };
    case 'set-tags':
      return { action: kind, ...idColumns(action.id), ...taggedColumns(action.tags), detail: tagText(action.tags) };
    case 'remove-tags':
      return { action: kind, ...idColumns(action.id), detail: `without ${action.keys.join(', ')}` };
    case 'delete-session':
    case 'delete-target':
    case 'terminate-instance':
      return { action: kind, ...idColumns(action.id) };
  }
}

/** What EC2 made, or what it chose where the call left it the choice. */
export function valueColumns(action: MirrorAction, value: unknown): RowPart {
  if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'string') return {};
  if (action.kind === 'create-target') return { target_id: value.id };
  if (action.kind === 'run-instance') return { instance_id: value.id };
  if (action.kind !== 'create-session') return {};
  const vni = 'virtualNetworkId' in value ? value.virtualNetworkId : null;
  const number = 'number' in value ? value.number : null;
  return {
    session_id: value.id,
    ...(typeof vni === 'number' ? { virtual_network_id: vni } : {}),
    ...(typeof number === 'number' ? { session_number: number } : {}),
  };
}

/** By the kind of what has the id. */
function idColumns(id: string): RowPart {
  if (id.startsWith('tmt-')) return { target_id: id };
  return id.startsWith('i-') ? { instance_id: id } : { session_id: id };
}

function taggedColumns(tags: Tags): RowPart {
  const expires = Date.parse(tags[TAG.expires] ?? '');
  return Number.isNaN(expires) ? {} : { expires };
}

const tagText = (tags: Tags): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
