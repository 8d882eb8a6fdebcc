// The command table: each command of `vpcflow`, what it takes, and the module that runs it, loaded when it is asked for.
import type { Command } from './shared/command.ts';

/** In the order of --help. A command is listed here when its module exists, and not before. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'rows',
    summary: 'the merged minute rows of a window',
    options: ['store', 'start', 'stop', 'columns', 'top', 'rowsFormat', 'lateness'],
    required: ['start', 'stop'],
    load: () => import('./query/rows.ts'),
  },
  {
    name: 'coverage',
    summary: 'for which interfaces and minutes a window has evidence without flows',
    options: ['store', 'start', 'stop', 'coverageFormat', 'lateness'],
    required: ['start', 'stop'],
    load: () => import('./query/coverage.ts'),
  },
];
