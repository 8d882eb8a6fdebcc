// What `vpcflow formats --help` and `vpcflow formats <action> --help` say of each action.
import type { ActionHelp } from '../shared/command.ts';

export const FORMATS_ACTIONS: readonly ActionHelp[] = [
  {
    name: 'discover',
    summary: 'asks EC2 (DescribeFlowLogs) for the formats of each log group, and writes the file',
  },
  { name: 'check', summary: 'reads the formats file and says what is wrong with it' },
];
