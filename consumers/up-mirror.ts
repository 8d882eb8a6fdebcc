// Turns the simulated account and its rules into the mirror consumer of `vpcflow up`: in plan mode, so nothing is changed in AWS.
import { hostname } from 'node:os';
import { SIMULATED_ACCOUNT } from '../pipeline/simulation/account.ts';
import { SIMULATED_RULES } from '../pipeline/simulation/mirror-rules.ts';
import { ACCOUNT, REGION } from '../pipeline/simulation/world.ts';
import type { Clock } from '../schemas/clock.ts';
import type { RecordProcessor } from '../schemas/processor.ts';
import type { ObjectStore } from '../schemas/store.ts';
import { Evidence } from './mirror/turn/evidence.ts';
import { MirrorWork } from './mirror/turn/work.ts';
import { MirrorProcessor } from './mirror/worker/processor.ts';
import { reconcile } from './mirror/worker/reconciler.ts';
import { processName } from './mirror/worker/worker-name.ts';
import { fixedAccount } from './shared/embedded/fixed-account.ts';
import type { Log } from './shared/log.ts';
import { NO_METER } from './shared/metrics/no-meter.ts';
import { PlannedEc2Mirror } from './shared/mirroring/planned-account.ts';
import { checkRules, openRuleFile, type RuleFile, rulesOf } from './shared/mirroring/rule-file.ts';
import type { Options } from './shared/options.ts';

const BUILT_IN: RuleFile = {
  text: SIMULATED_RULES,
  source: { file: 'built-in rules', region: REGION, mode: 'plan', enable: null },
  regions: null,
};

/** A file of somebody's own is read for the simulated region, and never applied. */
const ruleFile = (options: Options): Promise<RuleFile> | RuleFile =>
  options.mirrorConfig === null
    ? BUILT_IN
    : openRuleFile({ ...options, mirrorMode: 'plan', regions: [REGION] }, { AWS_REGION: REGION });

export interface UpMirror {
  /** One a shard of the events stream. */
  createProcessor(): RecordProcessor;
  /** Looks after the sessions each minute; resolves once the signal is aborted and nothing is under way. */
  lookAfter(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface Surroundings {
  readonly options: Options;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** Rejects with VF_RULES, VF_USAGE or VF_SOURCE_UNREADABLE for a rule file that cannot be used. */
export const openMirror = async ({ options, store, clock, log }: Surroundings): Promise<UpMirror> => {
  const file = await ruleFile(options);
  const rules = rulesOf(file, log);
  const ec2 = new PlannedEc2Mirror(fixedAccount(ACCOUNT, REGION, SIMULATED_ACCOUNT), store, clock);
  const regions = new Map([[REGION, ec2]]);
  await checkRules(file.source, rules, regions, log);
  const evidence = new Evidence({ store, clock });
  const worker = processName(options.workerId ?? hostname());
  const work = new MirrorWork({
    ...{ store, rules, account: ACCOUNT, regions, evidence, worker },
    clock,
    log,
    meter: NO_METER,
  });
  return {
    createProcessor: () => new MirrorProcessor({ work, rules, meter: NO_METER, log }),
    lookAfter: (signal) => reconcile({ work, clock, log, signal }),
    close: () => evidence.close(),
  };
};
