// Turns what was discovered, and what it changes in the formats file, into lines for a person.
import type { Conflict, Discovered, FlowLogFacts } from '../../pipeline/formats/discovery.ts';
import type { RuleChange } from '../../pipeline/formats/merge-rules.ts';

const named = ({ id, region, resource }: FlowLogFacts): string => `${id} of ${resource} in ${region}`;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const fieldCount = (format: string): string => counted(format.split(' ').length, 'field');

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
  const { conflicts, failing, unknown, defaults, firehose, s3 } = discovered;
  return [
    ...conflicts.flatMap(conflictLines),
    ...failing.map(failureLine),
    ...unknown.map(
      ({ field, logGroups }) =>
        `\${${field}} (${logGroups.join(', ')}): this version does not know it; pass --unknown-fields skip to what reads the file, or upgrade`,
    ),
    ...defaults.map(
      (logGroup) =>
        `${logGroup}: VPC and transit gateway flow logs in their default formats, which are told apart without a rule`,
    ),
    ...firehose.map(
      (flowLog) =>
        `${named(flowLog)} goes to Firehose (${flowLog.arn}), whose records name no log group: give its stream the common attribute vpcflow-format, or the reader --format '${flowLog.format}'`,
    ),
    ...(s3.length === 0 ? [] : [`${counted(s3.length, 'flow log')} to S3: the objects say themselves what they hold`]),
  ];
};

/** How the rules change, as a diff. */
export const changesLines = (changes: readonly RuleChange[]): readonly string[] => changes.flatMap(changeLines);
