// Turns the flow logs that AWS has into rules of a formats file, and into what somebody has to know of the others.

import { VpcflowError } from '../../schemas/errors.ts';
import { DEFAULT_FORMAT, TRANSIT_GATEWAY_FORMAT } from '../../schemas/fields.ts';
import type { FormatRule } from '../../schemas/settings.ts';
import { parseFormat } from './format.ts';

/** What DescribeFlowLogs says of one flow log (Amazon EC2 API Reference, FlowLog). */
export interface FlowLogFacts {
  readonly id: string; // fl-…
  readonly region: string;
  readonly resource: string; // vpc-…, subnet-…, eni-…, tgw-…, tgw-attach-…
  readonly destination: 'cloud-watch-logs' | 's3' | 'kinesis-data-firehose';
  /** Name of the log group; null for the others. */
  readonly logGroup: string | null;
  /** ARN of the bucket or delivery stream; null for the others. */
  readonly arn: string | null;
  readonly format: string;
  readonly active: boolean;
  /** Why its delivery fails; null: it does not. */
  readonly failure: string | null;
}

/** The format of a flow log whose description has none: the default of what it watches. */
export const defaultFormatOf = (resource: string): string =>
  resource.startsWith('tgw-') ? TRANSIT_GATEWAY_FORMAT : DEFAULT_FORMAT;

/** Flow logs that write different formats into one log group: its lines cannot be told apart. */
export interface Conflict {
  readonly logGroup: string;
  readonly formats: readonly { readonly format: string; readonly flowLogs: readonly FlowLogFacts[] }[];
}

export interface Discovered {
  /** One a log group, by name. */
  readonly rules: readonly (FormatRule & { readonly flowLogs: readonly FlowLogFacts[] })[];
  readonly conflicts: readonly Conflict[];
  /** Log groups that need no rule, though two formats meet there: the two defaults are told apart line by line. */
  readonly defaults: readonly string[];
  /** Flow logs that need no rule, or can have none. */
  readonly s3: readonly FlowLogFacts[];
  readonly firehose: readonly FlowLogFacts[];
  /** Flow logs that AWS does not deliver. */
  readonly failing: readonly FlowLogFacts[];
}

/** A field that this version does not know, with the patterns whose formats have it. */
export interface UnknownField {
  readonly field: string;
  readonly logGroups: readonly string[];
}

const byName = <T>(of: (one: T) => string): ((a: T, b: T) => number) => {
  return (a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0);
};

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

const grouped = <T>(all: readonly T[], key: (one: T) => string): [string, T[]][] => {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return [...groups].sort(byName(([name]) => name));
};

const DEFAULTS: readonly string[] = [DEFAULT_FORMAT, TRANSIT_GATEWAY_FORMAT];

/** The format in one spelling. */
const withFormat = (flowLog: FlowLogFacts): FlowLogFacts => {
  try {
    return { ...flowLog, format: parseFormat(flowLog.format).text };
  } catch (error) {
    if (!(error instanceof VpcflowError)) throw error;
    throw new VpcflowError(error.code, `${flowLog.id} in ${flowLog.region}: ${error.message}`, { help: error.help });
  }
};

/**
 * The rules for the log groups of these flow logs. The same flow logs in any order give the same.
 * @throws VpcflowError VF_BAD_FORMAT naming a flow log whose format nothing can be read by.
 */
export function discover(flowLogs: readonly FlowLogFacts[]): Discovered {
  const all = flowLogs.map(withFormat).sort(byName(({ region, id }) => `${region} ${id}`));
  const rules: (FormatRule & { flowLogs: FlowLogFacts[] })[] = [];
  const conflicts: Conflict[] = [];
  const defaults: string[] = [];
  for (const [logGroup, logs] of grouped(
    all.filter((one) => one.logGroup !== null),
    (one) => one.logGroup ?? '',
  )) {
    const formats = grouped(logs, ({ format }) => format).map(([format, flowLogs]) => ({ format, flowLogs }));
    const [only] = formats;
    if (formats.length === 1 && only !== undefined) rules.push({ logGroup, ...only });
    else if (formats.every(({ format }) => DEFAULTS.includes(format))) defaults.push(logGroup);
    else conflicts.push({ logGroup, formats });
  }
  return {
    ...{ rules, conflicts, defaults },
    s3: all.filter(({ destination }) => destination === 's3'),
    firehose: all.filter(({ destination }) => destination === 'kinesis-data-firehose'),
    failing: all.filter(({ active, failure }) => !active || failure !== null),
  };
}

/**
 * What a reader of these rules would stop at, by field.
 * @throws VpcflowError VF_BAD_FORMAT for a rule that cannot be read.
 */
export function unknownFields(rules: readonly FormatRule[]): readonly UnknownField[] {
  const strangers = rules.flatMap(({ logGroup, format }) =>
    parseFormat(format).unknown.map((field) => ({ field, logGroup })),
  );
  return grouped(strangers, ({ field }) => field).map(([field, found]) => ({
    field,
    logGroups: unique(found.map(({ logGroup }) => logGroup)),
  }));
}
