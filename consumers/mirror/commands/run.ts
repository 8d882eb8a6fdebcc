// `vpcflow mirror run`: turns the events of a Kinesis stream into mirror sessions, until it is told to stop.
import { hostname } from 'node:os';
import { formatMany } from '../../../pipeline/quantities.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { applicationName, checkApplication } from '../../shared/application.ts';
import type { Run } from '../../shared/command.ts';
import { openEngine } from '../../shared/engine/engine.ts';
import { startFrom } from '../../shared/engine/stream-run.ts';
import { identifyStream, kinesisClientFor } from '../../shared/kinesis.ts';
import { createLog } from '../../shared/log.ts';
import { openMeters } from '../../shared/metrics/open-meters.ts';
import type { Totals } from '../../shared/metrics/totals.ts';
import { checkRules, openRuleFile, rulesOf } from '../../shared/mirroring/rule-file.ts';
import { required } from '../../shared/options.ts';
import { withDeadline } from '../../shared/store/deadline.ts';
import { ensureLayout } from '../../shared/store/layout.ts';
import { openStore } from '../../shared/store/open.ts';
import { openRegions } from '../account/regions.ts';
import { Evidence } from '../turn/evidence.ts';
import { lastCall } from '../worker/last-call.ts';
import { runMirroring } from '../worker/mirror-run.ts';

/** The account of all regions: that of the credentials. */
const accountOf = async (accounts: ReturnType<typeof openRegions>['accounts']): Promise<string> => {
  const [first] = accounts.values();
  if (first === undefined) throw new VpcflowError('VF_RULES', 'the rule file has no region');
  return await first.account();
};

const summary = ({ mirrorEvents, mirrorDecisions, mirrorCalls }: Totals): string =>
  [formatMany(mirrorEvents, 'event'), formatMany(mirrorDecisions, 'decision'), formatMany(mirrorCalls, 'call')].join(
    ', ',
  );

export const run: Run = async ({ options, clock, stderr, signal }) => {
  const named = required(options.stream, 'stream');
  const from = startFrom(options.from, clock.now());
  checkApplication(options.application, options.engine);
  const log = createLog(stderr, options.log);
  const forward = options.forward === null ? null : await import('../../shared/forward/forwarding.ts');
  forward?.checkForwarding(options);
  const file = await openRuleFile(options, process.env);
  const rules = rulesOf(file, log);
  const engine = await openEngine(options, 'mirror');
  const store = withDeadline(await openStore(options.store), clock);
  const client = kinesisClientFor(named);
  const last = lastCall(signal, clock);
  const regions = openRegions(rules, { store, clock, signal: last.signal });
  const evidence = new Evidence({ store, clock });
  const meters = await openMeters(options, log, clock);
  try {
    const { meter } = meters;
    const stream = await identifyStream(client, named);
    const application = applicationName(options.application, options.engine, 'mirror', stream);
    engine.accept(application);
    const account = await accountOf(regions.accounts);
    await checkRules(file.source, rules, regions.accounts, log);
    const workerId = options.workerId ?? hostname();
    // From here on something is written.
    await ensureLayout(store);
    const { mode, enable } = rules;
    const enabled = Object.entries(enable).flatMap(([cause, isOn]) => (isOn ? [cause] : []));
    const counted = Object.fromEntries([...rules.regions].map(([region, all]) => [region, all.length]));
    log.info(
      { engine: options.engine, application, worker: workerId, account, mode, enabled, rules: counted },
      `mirroring by the events of ${stream.arn}${mode === 'plan' ? ': nothing is changed in EC2' : ''}; audit in ${store.uri}`,
    );
    if (meters.url !== null) log.info({}, `metrics at ${meters.url}`);
    const forwarding =
      (await forward?.openForwarding({ options, what: 'mirroring', stream, store, meter, log, clock })) ?? null;
    const running = runMirroring({
      ...{ options, engine, client, stream, application, workerId, from, meter, log, clock, signal, late: last.signal },
      ...{ store, file, rules, account, regions: regions.accounts, evidence, forward: forwarding?.target ?? null },
    });
    await running.finally(() => forwarding?.close());
    log.info({}, summary(meters.totals()));
    return 0;
  } finally {
    last.over();
    await evidence.close();
    regions.close();
    await meters.close();
    client.destroy();
  }
};
