// Looks at what a mirror consumer would be given: whether its rules can be used, and what EC2 permits of what they need.
import { formatMany } from '../../pipeline/quantities.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { MirrorRule, MirrorRules } from '../../schemas/mirroring/rules.ts';
import { ec2Clients } from '../shared/mirroring/ec2-clients.ts';
import { openRuleFile, rulesOf } from '../shared/mirroring/rule-file.ts';
import { NO_LOG } from '../shared/no-log.ts';
import { attempt, troubled } from './attempt.ts';
import { type Finding, fix, ok, type Permission, unchecked, warn } from './check.ts';
import type { Examination } from './examination.ts';
import { checkMirrorPermissions, type MirrorNeeds, type MirrorPermission } from './mirroring-permissions.ts';

const AREA = 'mirroring';

interface Read {
  readonly rules: MirrorRules | null;
  readonly findings: readonly Finding[];
}

const readFile = async ({ options, environment }: Examination): Promise<Read> => {
  const findings: Finding[] = [];
  const log = {
    ...NO_LOG,
    warn: (_: Readonly<Record<string, unknown>>, message: string) =>
      void findings.push(warn('rules', message, 'correct the rule file, if that is not meant')),
  };
  try {
    const file = await openRuleFile(options, environment);
    const rules = rulesOf(file, log);
    const all = [...rules.regions].map(([region, { length }]) => `${formatMany(length, 'rule')} for ${region}`);
    return {
      rules,
      findings: [ok('rules', `${file.source.file}, mode ${rules.mode}: ${all.join(', ')}`), ...findings],
    };
  } catch (error) {
    if (!(error instanceof VpcflowError)) throw error;
    const [head, ...lines] = error.message.split('\n');
    const problems = (lines.length === 0 ? [head] : lines).map((problem) => fix('rules', problem, error.help));
    return { rules: null, findings: [...problems, ...findings] };
  }
};

const needsOf = (mode: MirrorRules['mode'], rules: readonly MirrorRule[]): MirrorNeeds => {
  if (mode === 'plan') return 'plan';
  return rules.some(({ target }) => target.by === 'launch') ? 'sessions-and-targets' : 'sessions';
};

/** A first thing of each kind that the rules name: EC2 may look for it before it looks at what is permitted. */
const namedBy = (rules: readonly MirrorRule[]) => {
  const [filter] = rules.map((rule) => rule.filter);
  const [target] = rules.flatMap((rule) => (rule.target.by === 'id' ? rule.target.ids : []));
  const [image] = rules.flatMap((rule) => (rule.target.by === 'launch' ? [rule.target.image] : []));
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(target === undefined ? {} : { target }),
    ...(image === undefined ? {} : { image }),
  };
};

/** Resources of EC2 are many, and made as it goes: a policy that is narrower is the reader's to write. */
const permissionOf = ({ action }: MirrorPermission): Permission => ({ action, resource: '*' });

const judge = (region: string, answers: readonly MirrorPermission[]): readonly Finding[] => {
  const of = (verdict: MirrorPermission['verdict']) => answers.filter((answer) => answer.verdict === verdict);
  const [permitted, denied, unknown] = [of('permitted'), of('denied'), of('unknown')];
  const names = (some: readonly MirrorPermission[]): string => some.map(({ action }) => action).join(', ');
  const findings: Finding[] = [];
  if (permitted.length > 0) findings.push(ok(AREA, `${region} permits ${names(permitted)}`));
  if (denied.length > 0) {
    const what = `${region} does not permit ${names(denied)}`;
    findings.push(fix(AREA, what, 'allow it with the policy below', denied.map(permissionOf)));
  }
  if (unknown.length > 0) {
    const what = `${region} does not say whether it permits ${names(unknown)}: ${unknown[0].detail}`;
    findings.push(unchecked(AREA, what, unknown.map(permissionOf)));
  }
  return findings;
};

const checkRegion = async (
  examination: Examination,
  { mode }: MirrorRules,
  region: string,
  rules: readonly MirrorRule[],
): Promise<readonly Finding[]> => {
  const { ec2, sts } = ec2Clients(region, null, { attempts: 2 });
  try {
    const asked = await attempt(examination, (signal) =>
      checkMirrorPermissions(ec2, needsOf(mode, rules), signal, namedBy(rules)),
    );
    if ('value' in asked) return judge(region, asked.value);
    const permission = { action: 'ec2:DescribeTrafficMirrorSessions', resource: '*' };
    return [troubled(AREA, `EC2 in ${region} cannot be asked`, asked.trouble, permission)];
  } finally {
    ec2.destroy();
    sts.destroy();
  }
};

/** Nothing without --config. Every call has DryRun: none changes anything. */
export const checkMirroring = async (examination: Examination): Promise<readonly Finding[]> => {
  if (examination.options.mirrorConfig === null) return [];
  const { rules, findings } = await readFile(examination);
  if (rules === null) return findings;
  const regions = [...rules.regions].map(([region, own]) => checkRegion(examination, rules, region, own));
  return [...findings, ...(await Promise.all(regions)).flat()];
};
