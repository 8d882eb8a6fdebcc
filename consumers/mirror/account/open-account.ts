// Turns the options of a command of `vpcflow mirror` into all that it works with: rules, store, regions, evidence.
import type { Ec2Mirror } from '../../../schemas/mirroring/account.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import type { CommandContext } from '../../shared/command.ts';
import type { Log } from '../../shared/log.ts';
import { openRuleFile, rulesOf } from '../../shared/mirroring/rule-file.ts';
import { withDeadline } from '../../shared/store/deadline.ts';
import { openStore } from '../../shared/store/open.ts';
import { Evidence } from '../turn/evidence.ts';
import { lastCall } from '../worker/last-call.ts';
import { openRegions } from './regions.ts';

export interface OpenedAccount {
  readonly rules: MirrorRules;
  readonly store: ObjectStore;
  readonly log: Log;
  /** By region, in the order of the rules. */
  readonly regions: ReadonlyMap<string, Ec2Mirror>;
  /** The account that all calls are made in. */
  readonly account: string;
  readonly evidence: Evidence;
  close(): Promise<void>;
}

/** What a person at a terminal should see: warnings, a line each. What is done is the command's own output. */
const commandLog = (stderr: NodeJS.WritableStream): Log => {
  const say = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    const facts = Object.entries(fields).map(([name, value]) => `${name} ${String(value)}`);
    stderr.write(`vpcflow: ${facts.length === 0 ? message : `${message} (${facts.join(', ')})`}\n`);
  };
  return { debug: () => {}, info: () => {}, warn: say, error: say };
};

type Given = Pick<CommandContext, 'options' | 'stderr' | 'clock' | 'signal'>;

export interface Opening {
  /** Calls that are under way at an interruption have time to end; the command sees to the store before its first write. */
  readonly writes: boolean;
  /** Throws where the command needs other rules, before anything else is opened. */
  readonly check?: (rules: MirrorRules) => void;
}

/**
 * Warnings about the rules go to stderr. Throws what `rulesOf` does,
 * VF_STORE_* and, where nobody says who calls, VF_SERVICE.
 */
export const openAccount = async (given: Given, { writes, check }: Opening): Promise<OpenedAccount> => {
  const { options, stderr, clock, signal } = given;
  const log = commandLog(stderr);
  const rules = rulesOf(await openRuleFile(options, process.env), log);
  check?.(rules);
  const store = withDeadline(await openStore(options.store), clock);
  const last = lastCall(signal, clock);
  // Nobody misses the answer to a question; the answer to a change belongs in the audit.
  const opened = openRegions(rules, { store, clock, signal: writes ? last.signal : signal });
  const evidence = new Evidence({ store, clock });
  const close = async (): Promise<void> => {
    last.over();
    opened.close();
    await evidence.close();
  };
  try {
    const [first] = opened.accounts.values();
    return { rules, store, log, regions: opened.accounts, account: await first.account(), evidence, close };
  } catch (error) {
    await close();
    throw error;
  }
};
