// Turns a worker's settings and `--kcl` into the properties file of the Client Library's daemon, or into all its problems.
import { VpcflowError } from '../../../schemas/errors.ts';
import type { StreamIdentity } from '../kinesis.ts';
import { DAEMON_PROPERTIES, type DaemonProperty, type PropertyType, REFUSED_PROPERTIES } from './property-table.ts';

/** Where a shard without a checkpoint is read from: its oldest record, what comes next, or a time (Unix ms). */
export type InitialPosition = 'trim' | 'latest' | { readonly at: number };

export type Retrieval = 'polling' | 'fanout';

export interface DaemonSettings {
  readonly stream: StreamIdentity;
  readonly application: string;
  readonly workerId: string;
  /** Path of the program that becomes the child; the daemon splits it at spaces, so it has none. */
  readonly executable: string;
  readonly from: InitialPosition;
  readonly retrieval: Retrieval;
  /** `--kcl`, as it was given. */
  readonly overrides: Readonly<Record<string, string>>;
  /** Only the endpoints are taken from it; see `credentials`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const whole = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN);
const decimal = (text: string): number => (/^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN);

/** What a value of the type looks like, for help and for errors. */
export const describeType = (type: PropertyType): string => {
  switch (type.kind) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number from ${type.min} to ${type.max}`;
    case 'number':
      return `a number from ${type.min} to ${type.max}`;
    case 'choice':
      return `one of ${type.choices.join(', ')}`;
    case 'text':
    case 'items':
      return type.what;
  }
};

const items = (text: string): readonly string[] => text.split(';').map((item) => item.trim());

const fits = (type: PropertyType, value: string): boolean => {
  switch (type.kind) {
    case 'boolean':
      return value === 'true' || value === 'false';
    case 'integer':
      return whole(value) >= type.min && whole(value) <= type.max;
    case 'number':
      return decimal(value) >= type.min && decimal(value) <= type.max;
    case 'choice':
      return type.choices.includes(value);
    case 'text':
      return type.pattern.test(value);
    case 'items':
      return items(value).every((item) => type.pattern.test(item));
  }
};

/** Insertions, deletions and replacements that turn one into the other, letter case aside. */
const distance = (from: string, to: string): number => {
  const [a, b] = [from.toLowerCase(), to.toLowerCase()];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[b.length]!;
};

const PROPERTIES: ReadonlyMap<string, DaemonProperty> = new Map(DAEMON_PROPERTIES.map((row) => [row.name, row]));

/** The name that was meant; null when none is near: two thirds of it are right. */
const nearest = (name: string): string | null => {
  const { known, far } = [...PROPERTIES.keys()]
    .map((known) => ({ known, far: distance(name, known) }))
    .reduce((best, next) => (next.far < best.far ? next : best));
  return far * 3 <= name.length ? known : null;
};

const unknown = (name: string): string => {
  const meant = nearest(name);
  const names = 'the names are in the README under Properties of the Client Library, and in `vpcflow digest --help`';
  return `--kcl knows no ${name}${meant === null ? `: ${names}` : `, did you mean ${meant}?`}`;
};

/** What is wrong with one pair of `--kcl`; null when nothing is. */
const problemOf = (name: string, value: string, retrieval: Retrieval): string | null => {
  const refused = Object.hasOwn(REFUSED_PROPERTIES, name) ? REFUSED_PROPERTIES[name] : undefined;
  if (refused !== undefined) return `--kcl cannot set ${name}: ${refused}`;
  const property = PROPERTIES.get(name);
  if (property === undefined) return unknown(name);
  if (property.retrieval !== null && property.retrieval !== retrieval)
    return `--kcl ${name} is for --retrieval ${property.retrieval}, and this is ${retrieval}`;
  return fits(property.type, value) ? null : `--kcl ${name} needs ${describeType(property.type)}, not "${value}"`;
};

const LONGEST_CONSUMER = 128; // characters

/** The consumer of enhanced fan-out is registered under the application's name unless `--kcl` names one. */
const ownConsumer = ({ retrieval, overrides }: Pick<DaemonSettings, 'retrieval' | 'overrides'>): boolean =>
  retrieval === 'fanout' && !('fanoutConfig.consumerArn' in overrides) && !('fanoutConfig.consumerName' in overrides);

/** An application is named after its stream where it is not given one, and may have more than a consumer's name. */
const consumerProblem = (settings: Pick<DaemonSettings, 'application' | 'retrieval' | 'overrides'>): string | null => {
  const { application } = settings;
  if (!ownConsumer(settings) || application.length <= LONGEST_CONSUMER) return null;
  return `the application "${application}" has more than ${LONGEST_CONSUMER} characters, and --retrieval fanout names a consumer after it: give another with --application`;
};

/**
 * Checks `--kcl` as the daemon would not, and what it makes of the application's name; throws VF_USAGE that names every
 * problem. Called before anything is started.
 */
export const checkProperties = (settings: Pick<DaemonSettings, 'application' | 'retrieval' | 'overrides'>): void => {
  const { retrieval, overrides } = settings;
  const problems = Object.entries(overrides).map(([name, value]) => problemOf(name, value, retrieval));
  const found = [consumerProblem(settings), ...problems].filter((problem) => problem !== null);
  if (found.length > 0) throw new VpcflowError('VF_USAGE', found.join('; '));
};

/**
 * LATEST and a time are remembered in the lease by these words alone: a worker that starts again before a shard's first
 * checkpoint takes the time from its own file. Whole seconds are all that the daemon reads, so the time is taken down.
 * What a split or merge makes later is read from its beginning whatever stands here.
 */
const position = (from: InitialPosition): Readonly<Record<string, string>> => {
  if (from === 'trim') return { initialPositionInStream: 'TRIM_HORIZON' };
  if (from === 'latest') return { initialPositionInStream: 'LATEST' };
  return { initialPositionInStreamExtended: String(Math.max(0, Math.floor(from.at / 1000))) };
};

/** The endpoints that the AWS SDKs take from the environment, as the daemon takes them from its file. */
const endpoints = (environment: DaemonSettings['environment']): Readonly<Record<string, string>> => {
  if (environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === 'true') return {};
  const of = (name: string, service: string) => {
    const url = environment[`AWS_ENDPOINT_URL_${service}`] || environment.AWS_ENDPOINT_URL;
    return url ? { [name]: url } : {};
  };
  return {
    ...of('kinesisEndpoint', 'KINESIS'),
    ...of('dynamoDBEndpoint', 'DYNAMODB'),
    // There is no property for CloudWatch; this one reaches its client by the name of the client's own setting.
    ...of('cloudWatchClient.endpointOverride', 'CLOUDWATCH'),
  };
};

/**
 * The Java SDK's default chain reads what the JavaScript SDK's does, from the environment that the daemon inherits and
 * the same files: AWS_ACCESS_KEY_ID and its like, AWS_PROFILE with roles and single sign-on, a web identity token
 * (AWS_ROLE_ARN), a container's endpoint, the instance's role. No secret is ever written into the file.
 */
const credentials = { AwsCredentialsProvider: 'DefaultCredentialsProvider' } as const;

/** As java.util.Properties reads it back: printable ASCII only, and nothing that it would take for syntax. */
const escapeText = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replace(/^[ =:#!]/, '\\$&')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * The text of the daemon's properties file, sorted by name, the same for the same settings. Throws VF_USAGE that names
 * every problem of `--kcl`.
 */
export const daemonProperties = (settings: DaemonSettings): string => {
  checkProperties(settings);
  const { stream, application, workerId, executable, from, retrieval, overrides, environment } = settings;
  if (/\s/.test(executable))
    throw new VpcflowError('VF_USAGE', `the path ${executable} has a space in it, and the daemon splits it there`, {
      help: 'set TMPDIR to a directory without one',
    });
  const entries = new Map<string, string>();
  for (const { name, ourDefault, retrieval: only } of DAEMON_PROPERTIES)
    if (ourDefault !== null && (only ?? retrieval) === retrieval) entries.set(name, ourDefault);
  for (const [name, value] of Object.entries(overrides))
    entries.set(name, PROPERTIES.get(name)?.type.kind === 'items' ? items(value).join(',') : value);
  const own = {
    ...credentials,
    ...{ applicationName: application, workerId, executableName: executable, processingLanguage: 'nodejs' },
    ...{ streamArn: stream.arn, regionName: stream.region },
    ...position(from),
    retrievalMode: retrieval.toUpperCase(),
    callProcessRecordsEvenForEmptyRecordList: 'true', // An epoch closes, and a dead child is noticed, though none come.
    ...endpoints(environment),
  };
  for (const [name, value] of Object.entries(own)) entries.set(name, value);
  if (ownConsumer(settings)) entries.set('fanoutConfig.consumerName', application);
  const lines = [...entries].map(([name, value]) => `${name} = ${escapeText(value)}\n`);
  return lines.sort().join('');
};
