// Runs every check side by side and puts what they find into the order of the report.
import { hostname } from 'node:os';
import { applicationName } from '../shared/application.ts';
import type { Options } from '../shared/options.ts';
import type { Bounds } from './attempt.ts';
import { type Finding, unchecked } from './check.ts';
import { createClients } from './clients.ts';
import { checkClock } from './clock-check.ts';
import { consumerOf, type Examination } from './examination.ts';
import { checkIdentity } from './identity-check.ts';
import { checkLeaseContents } from './lease-contents-check.ts';
import { checkLeaseTables } from './lease-tables-check.ts';
import { checkHere } from './local-checks.ts';
import { checkMirroring } from './mirroring-check.ts';
import { checkReading } from './reading-check.ts';
import { checkStorePlace } from './store-place.ts';
import { checkStream, type StreamFacts, streamPlace } from './stream-check.ts';
import { checkSubscription } from './subscription-check.ts';

export interface ExamineOptions extends Bounds {
  readonly options: Options;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const checkLeases = async (
  examination: Examination,
  { identity, shards }: StreamFacts,
): Promise<readonly Finding[]> => {
  const { options } = examination;
  if (options.engine !== 'kcl')
    return [unchecked('tables', 'the embedded engine keeps checkpoints in files; --engine kcl checks DynamoDB')];
  const application = applicationName(options.application, 'kcl', consumerOf(options), identity);
  const { findings, readable } = await checkLeaseTables(examination, application, identity);
  if (!readable || shards === null) return findings;
  const workerId = options.workerId ?? hostname();
  const looked = { application, stream: identity.name, shards, workerId };
  return [...findings, ...(await checkLeaseContents(examination, looked))];
};

const metricsLine = ({ engine, kcl }: Options): readonly Finding[] => {
  const level = kcl.metricsLevel ?? 'NONE';
  if (engine !== 'kcl' || level === 'NONE') return [];
  return [
    unchecked(
      'metrics',
      `metricsLevel ${level} needs cloudwatch:PutMetricData, which cannot be tried without writing`,
      [{ action: 'cloudwatch:PutMetricData', resource: '*' }],
    ),
  ];
};

const NO_STREAM = 'no --stream: the stream, its permissions, leases, subscription and the identity are not checked';

/** In the order of the report; each part waits for what it needs and for nothing else. */
const checkWithStream = (examination: Examination, named: string): readonly Promise<readonly Finding[]>[] => {
  const stream = checkStream(examination, named);
  const facts = stream.then((report) => report.facts);
  const withStream = async (
    check: (facts: StreamFacts) => Promise<readonly Finding[]>,
  ): Promise<readonly Finding[]> => {
    const known = await facts;
    return known === null ? [] : await check(known);
  };
  return [
    checkIdentity(examination, facts),
    checkStorePlace(examination),
    stream.then(({ findings }) => findings),
    withStream((known) => checkReading(examination, known)),
    withStream((known) => checkLeases(examination, known)),
    Promise.resolve(metricsLine(examination.options)),
    // Of a mirror consumer the stream is fed by EventBridge.
    withStream(async ({ identity }) =>
      consumerOf(examination.options) === 'mirror' ? [] : await checkSubscription(examination, identity),
    ),
  ];
};

/** What was found already (credentials that every service refuses) is not a second thing to fix. */
const onceEach = (findings: readonly Finding[]): readonly Finding[] => {
  const seen = new Set<string>();
  return findings.map((finding) => {
    const { verdict, area, what, remedy } = finding;
    const cause = `${what}\n${remedy}`;
    if (verdict !== 'fix' || !seen.has(cause)) {
      if (verdict === 'fix') seen.add(cause);
      return finding;
    }
    return unchecked(area, `not checked: ${what}`, [...finding.missing, ...finding.untried]);
  });
};

/** Never rejects for what a service or the system does; VF_USAGE for options that cannot be used. */
export const examine = async ({ options, environment, ...bounds }: ExamineOptions): Promise<readonly Finding[]> => {
  const { stream } = options;
  const clients = createClients(
    bounds.clock,
    bounds.limit,
    stream === null ? null : (streamPlace(stream)?.region ?? null),
  );
  const examination: Examination = { ...bounds, options, environment, clients };
  try {
    const groups = await Promise.all([
      checkHere(examination),
      ...(stream === null ? [checkStorePlace(examination)] : checkWithStream(examination, stream)),
      checkMirroring(examination),
    ]);
    const rest = stream === null ? [unchecked('stream', NO_STREAM)] : [];
    return onceEach([...groups.flat(), ...rest, checkClock(clients.told)]);
  } finally {
    clients.destroy();
  }
};
