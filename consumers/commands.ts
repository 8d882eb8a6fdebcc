// The command table: each command of `vpcflow`, what it takes, and the module that runs it, loaded when it is asked for.
import type { Command } from './shared/command.ts';

/** In the order of --help. A command is listed here when its module exists, and not before. */
export const COMMANDS: readonly Command[] = [];
