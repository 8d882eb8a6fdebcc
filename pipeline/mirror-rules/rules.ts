// Turns the text of a rule file (the AWS sample's keys, and ours) into rules, or into everything that is wrong with it.
import type { MirrorRule, MirrorRules } from '../../schemas/mirroring/rules.ts';
import { conflicts } from './conflicts.ts';
import { Fields } from './fields.ts';
import { RULE_LISTS, type RuleList, readRule } from './rule.ts';
import { type Overrides, type RuleFile, readSettings, SETTINGS } from './settings.ts';
import { type RuleProblem, shown, type Value, YamlValues } from './yaml-values.ts';

export interface RulesSource extends Overrides {
  /** The name of the file, with or without directories: `us-east-1.yaml` has the rules of that region. */
  readonly file: string;
  /** Of a file whose name says none and that has no `regions`; null: none is known. */
  readonly region: string | null;
}

export type RulesReading =
  | { readonly rules: MirrorRules; readonly warnings: readonly RuleProblem[] }
  | { readonly problems: readonly RuleProblem[]; readonly warnings: readonly RuleProblem[] };

const REGION = /^[a-z]{2,8}(?:-[a-z]{1,16}){1,3}-\d{1,2}$/;
// Object.keys says only that they are texts.
const LISTS = Object.keys(RULE_LISTS) as readonly RuleList[];

/** Problems and warnings are in the order of the file, lines and columns from 1. Never throws, whatever the text is. */
export function readRules(text: string, source: RulesSource): RulesReading {
  const values = new YamlValues(text);
  const { documents } = values;
  if (documents === null) return { problems: values.problems, warnings: [] };
  const fields = new Fields(values, documents, [...SETTINGS, ...LISTS, 'regions']);
  if (!fields.isMap) return { problems: values.problems, warnings: [] };
  const { mode, ruleDefaults, ...settings } = readSettings(values, fields, source);
  const regions = readRegions(values, fields, { ...settings, ruleDefaults }, source);
  const { problems, warnings } = values;
  if (problems.length > 0 || mode === null) return { problems, warnings };
  return { rules: { ...settings, mode, regions }, warnings };
}

function readRegions(
  values: YamlValues,
  fields: Fields,
  file: RuleFile,
  source: RulesSource,
): ReadonlyMap<string, readonly MirrorRule[]> {
  const lists = LISTS.filter((list) => fields.has(list));
  const byRegion = fields.get('regions');
  if (byRegion === null) {
    const region = regionOfFile(source.file) ?? source.region;
    const rules = readLists(values, fields, file);
    if (region !== null) return new Map([[region, rules]]);
    const where = 'name the file after it (us-east-1.yaml), put the rules under regions, or set AWS_REGION';
    values.problem(fields.node, `it does not say which region its rules are for: ${where}`);
    return new Map();
  }
  for (const list of lists) {
    values.problem(fields.at(list), `${list} beside regions is of no region: put it under one of them`);
  }
  return readRegionMap(values, byRegion, file);
}

function readRegionMap(values: YamlValues, regions: Value, file: RuleFile) {
  const entries = values.entries(regions) ?? [];
  const read = new Map<string, readonly MirrorRule[]>();
  for (const entry of entries) {
    if (!REGION.test(entry.key)) values.problem(entry.keyNode, `${shown(entry.key)} is no region`);
    read.set(entry.key, readLists(values, new Fields(values, [entry], LISTS), file));
  }
  if (entries.length === 0) values.problem(regions.node, 'regions has no region');
  return read;
}

/** The rules of one region, in the order of their priority. */
function readLists(values: YamlValues, fields: Fields, file: RuleFile): readonly MirrorRule[] {
  const places = new Map<MirrorRule, Value>();
  let given = 0;
  for (const list of LISTS) {
    for (const [i, item] of (fields.items(list) ?? []).entries()) {
      given += 1;
      const rule = readRule(values, item, list, `${list}[${i}]`, file);
      if (rule !== null) places.set(rule, item);
    }
  }
  if (!fields.isMap) return [];
  const where = fields.path === '' ? 'the file' : fields.path;
  const isSaid = LISTS.some((list) => fields.isBroken(list));
  if (given === 0 && !isSaid) values.problem(fields.node, `${where} has no rule: give tags, subnets or vpcs`);
  const rules = [...places.keys()];
  for (const { rule, kind, message } of conflicts(rules)) {
    const { node } = places.get(rule) ?? { node: null };
    if (kind === 'problem') values.problem(node, message);
    else values.warning(node, message);
  }
  return rules;
}

/** `/etc/vpcflow/us-east-1.yaml` has the rules of us-east-1; null where the name is no region. */
function regionOfFile(file: string): string | null {
  const name = file.replace(/^.*[/\\]/, '').replace(/\.ya?ml$/i, '');
  return REGION.test(name) ? name : null;
}
