// Turns what was discovered, and what it changes in the formats file, into lines for a person.
import type { Conflict, Discovered, FlowLogFacts, UnknownField } from '../../pipeline/formats/discovery.ts';
import type { RuleChange } from '../../pipeline/formats/merge-rules.ts';
import { formatMany } from '../../pipeline/quantities.ts';

const named = ({ id, region, resource }: FlowLogFacts): string => `${id} of ${resource} in ${region}`;

const fieldCount = (format: string): string => formatMany(format.split(' ').length, 'field');

const changeLines = (change: RuleChange): readonly string[] => {
  const { kind, logGroup, format } = change;
  switch (kind) {
    case 'added':
      return [`+ ${logGroup}: ${format}`];
    case 'changed':
      return [`- ${logGroup}: ${change.before}`, `+ ${logGroup}: ${format}`];
    case 'kept':
      return [`  ${logGroup}: unchanged (${fieldCount(format)})`];
    case 'covered':
      return [`  ${logGroup}: the rule "${change.by}" says the same`];
  }
};

const conflictLines = ({ logGroup, formats }: Conflict): readonly string[] => [
  `${logGroup}: ${formats.length} formats in one log group, so that no line can be told from another; no rule is written. ` +
    'Make the flow logs anew with one log group for each format (formats of different regions: one file for each, with --regions):',
  ...formats.map(({ format, flowLogs }) => `    ${flowLogs.map(named).join(', ')}: ${format}`),
];

const failureLine = (flowLog: FlowLogFacts): string => {
  const why = flowLog.failure === null ? 'it is not active' : `its delivery fails: ${flowLog.failure}`;
  return `${named(flowLog)}: ${why}`;
};

/** What is to be told of the flow logs themselves, those first that need somebody. */
export const discoveryLines = (discovered: Discovered): readonly string[] => {
  const { conflicts, failing, defaults, firehose, s3 } = discovered;
  return [
    ...conflicts.flatMap(conflictLines),
    ...failing.map(failureLine),
    ...defaults.map(
      (logGroup) =>
        `${logGroup}: VPC and transit gateway flow logs in their default formats, which are told apart without a rule`,
    ),
    ...firehose.map(
      (flowLog) =>
        `${named(flowLog)} goes to Firehose (${flowLog.arn}), whose records name no log group: give its stream the common attribute vpcflow-format, or the reader --format '${flowLog.format}'`,
    ),
    ...(s3.length === 0
      ? []
      : [`${formatMany(s3.length, 'flow log')} to S3: the objects say themselves what they hold`]),
  ];
};

/** What a reader of the file stops at, or leaves out, where that was asked for. */
export const unknownLines = (unknown: readonly UnknownField[], asked: 'refuse' | 'skip'): readonly string[] => {
  const fate =
    asked === 'skip' ? 'it is left out' : 'pass --unknown-fields skip, here and to what reads the file, or upgrade';
  return unknown.map(
    ({ field, logGroups }) => `\${${field}} (${logGroups.join(', ')}): this version does not know it; ${fate}`,
  );
};

/** How the rules change, as a diff, with the patterns that no flow log is for. */
export const changesLines = (changes: readonly RuleChange[], idle: readonly string[]): readonly string[] => [
  ...changes.flatMap(changeLines),
  ...idle.map((pattern) => `? ${pattern}: no flow log writes to it; kept`),
];
