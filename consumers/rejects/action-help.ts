// What `vpcflow rejects --help` and `vpcflow rejects <action> --help` say of each action.
import type { ActionHelp } from '../shared/command.ts';

export const REJECTS_ACTIONS: readonly ActionHelp[] = [
  { name: 'list', summary: 'what was rejected, by reason and log group' },
  { name: 'replay', summary: 'reads what was rejected again, and takes over what decodes now' },
];
