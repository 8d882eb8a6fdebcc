// Turns --config and what overrides it into rules, or into one error with everything that is wrong, line by line.
import { readFile } from 'node:fs/promises';
import { absences } from '../../../pipeline/mirror-rules/presence.ts';
import { type RulesSource, readRules } from '../../../pipeline/mirror-rules/rules.ts';
import { formatMany } from '../../../pipeline/quantities.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Ec2Mirror } from '../../../schemas/mirroring/account.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import type { Log } from '../log.ts';
import { type Options, required } from '../options.ts';

/** A rule file as it was read; JSON, so that other processes of a worker read the same. */
export interface RuleFile {
  readonly text: string;
  readonly source: RulesSource;
  /** Those that count; null: all of the file. */
  readonly regions: readonly string[] | null;
}

interface Said {
  readonly line: number;
  readonly column?: number;
  readonly message: string;
}

/** `us-east-1.yaml:13:1: tags[0] has no filterId` */
const placed = (file: string, { line, column, message }: Said): string =>
  `${file}:${line}${column === undefined ? '' : `:${column}`}: ${message}`;

const rulesError = (file: string, problems: readonly Said[]): VpcflowError => {
  const head = `the rule file ${file} has ${formatMany(problems.length, 'problem')}`;
  return new VpcflowError('VF_RULES', [head, ...problems.map((problem) => placed(file, problem))].join('\n'));
};

/** A directory is mostly a file whose name was forgotten. */
const unreadable = (file: string, cause: unknown): VpcflowError => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  if (code === 'EISDIR') {
    const help = 'give the file itself, such as --config us-east-1.yaml';
    return new VpcflowError('VF_SOURCE_UNREADABLE', `${file} is a directory, not a rule file`, { cause, help });
  }
  return new VpcflowError('VF_SOURCE_UNREADABLE', `the rule file ${file} cannot be read: ${code}`, { cause });
};

/** Rejects with VF_USAGE without --config, with VF_SOURCE_UNREADABLE for a file that cannot be read. */
export const openRuleFile = async (
  { mirrorConfig, mirrorMode, enable, regions }: Options,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<RuleFile> => {
  const file = required(mirrorConfig, 'config');
  const causes = { existing: false, launches: false, findings: false };
  const enabled = { ...causes, ...Object.fromEntries(enable.map((cause) => [cause, true])) };
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, cause);
  }
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || null;
  const source = { file, region, mode: mirrorMode, enable: enable.length === 0 ? null : enabled };
  return { text, source, regions: regions.length === 0 ? null : regions };
};

/** Throws VF_RULES with every problem and its line, VF_USAGE for a region without rules. Warnings go to the log. */
export const rulesOf = ({ text, source, regions }: RuleFile, log: Log): MirrorRules => {
  const reading = readRules(text, source);
  for (const doubt of reading.warnings) log.warn({}, placed(source.file, doubt));
  if ('problems' in reading) throw rulesError(source.file, reading.problems);
  const { rules } = reading;
  if (regions === null) return rules;
  const unknown = regions.filter((region) => !rules.regions.has(region));
  if (unknown.length > 0) {
    const help = `it has rules for ${[...rules.regions.keys()].join(', ')}`;
    throw new VpcflowError('VF_USAGE', `${source.file} has no rules for ${unknown.join(', ')}`, { help });
  }
  return { ...rules, regions: new Map([...rules.regions].filter(([region]) => regions.includes(region))) };
};

/**
 * Asks EC2 whether the filters and targets of the rules are there. Rejects with VF_RULES that names all that are not,
 * with VF_SERVICE where EC2 does not say; a filter without rules, which mirrors nothing, is a warning.
 */
export const checkRules = async (
  { file }: RulesSource,
  rules: MirrorRules,
  accounts: ReadonlyMap<string, Ec2Mirror>,
  log: Log,
): Promise<void> => {
  const found = await Promise.all(
    [...accounts].map(async ([region, ec2]) => {
      const [filters, targets] = await Promise.all([ec2.filters(), ec2.targets()]);
      return absences(region, rules.regions.get(region) ?? [], { filters, targets });
    }),
  );
  for (const doubt of found.flatMap(({ warnings }) => warnings)) log.warn({}, placed(file, doubt));
  const problems = found.flatMap((one) => one.problems);
  if (problems.length > 0) throw rulesError(file, problems);
};
