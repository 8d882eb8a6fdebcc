// Reads one rule of a rule file: what it matches, where its sessions go, and its own settings.
import type { MirrorRule, RuleMatch, RuleTarget } from '../../schemas/mirroring/rules.ts';
import { Fields, readText, type Trouble } from './fields.ts';
import { idTrouble } from './ids.ts';
import { RULE_SETTINGS, type RuleFile, readRuleSettings } from './settings.ts';
import { shown, type Value, type YamlValues } from './yaml-values.ts';

/** The lists of rules in the order of their priority, each with the key that says what its rules match. */
export const RULE_LISTS = { tags: 'tagList', subnets: 'subnetId', vpcs: 'vpcId' } as const;
export type RuleList = keyof typeof RULE_LISTS;

const LAUNCH = ['targetInstanceType', 'targetInstanceAmi', 'targetSecurityGroupIds'] as const;

const MAX_TAG_KEY = 128; // characters; EC2's limits
const MAX_TAG_VALUE = 256;
const atMost =
  (length: number): Trouble =>
  (text) =>
    text.length <= length ? null : `has ${text.length} characters, more than ${length}`;

const nameTrouble: Trouble = (text) =>
  /[\p{Cc}\p{Cs}]/u.test(text) ? `is ${shown(text)}, which has a control character` : atMost(MAX_TAG_KEY)(text);

const instanceTypeTrouble: Trouble = (text) =>
  /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(text) ? null : `is ${shown(text)}, not an instance type such as c5.xlarge`;

/** Null, with problems, where it cannot be used. `name` is that of a rule without one of its own. */
export function readRule(
  values: YamlValues,
  value: Value,
  list: RuleList,
  name: string,
  file: RuleFile,
): MirrorRule | null {
  const fields = new Fields(
    values,
    [value],
    [...['name', RULE_LISTS[list], 'filterId', 'targetId', 'targetIds', ...LAUNCH, 'targetSubnetId', ...RULE_SETTINGS]],
  );
  if (!fields.isMap) return null;
  const ownName = fields.text('name', nameTrouble);
  const match = readMatch(values, fields, list);
  const filter = fields.id('filterId', 'filter');
  if (!fields.has('filterId')) values.problem(fields.node, `${value.path} has no filterId`);
  const target = readTarget(values, fields);
  const settings = readRuleSettings(values, fields, file.ruleDefaults);
  doubts(values, fields, settings.maxSessions, file);
  if (match === null || filter === null || target === null) return null;
  return { name: ownName ?? name, line: values.lineOf(value.node), match, filter, target, ...settings };
}

function readMatch(values: YamlValues, fields: Fields, list: RuleList): RuleMatch | null {
  const key = RULE_LISTS[list];
  // A rule of another list: one mistake.
  if (Object.values(RULE_LISTS).some((other) => fields.isUnknown(other))) return null;
  if (!fields.has(key)) return values.problem(fields.node, `${fields.path} has no ${key}`);
  if (list === 'tags') return readTags(values, fields);
  const id = fields.id(key, list === 'subnets' ? 'subnet' : 'VPC');
  if (id === null) return null;
  return list === 'subnets' ? { by: 'subnet', subnet: id } : { by: 'vpc', vpc: id };
}

function readTags(values: YamlValues, fields: Fields): RuleMatch | null {
  const items = fields.items('tagList');
  if (items === null) return null;
  if (items.length === 0) return values.problem(fields.at('tagList'), `${fields.path}.tagList has no tag`);
  const tags = new Map<string, string | null>();
  for (const item of items) {
    const tag = new Fields(values, [item], ['Key', 'Value']);
    if (!tag.isMap) continue;
    const key = tag.text('Key', atMost(MAX_TAG_KEY));
    const value = tag.get('Value');
    const text = value === null ? null : readTagValue(values, value);
    if (!tag.has('Key')) values.problem(item.node, `${item.path} has no Key`);
    if (key === null) continue;
    if (tags.has(key)) values.problem(item.node, `${item.path}: the tag ${shown(key)} is there twice`);
    tags.set(key, text);
  }
  return { by: 'tags', tags: [...tags].map(([key, value]) => ({ key, value })) };
}

/** Tags may have an empty value: that is a text too. */
function readTagValue(values: YamlValues, value: Value): string | null {
  const node = values.scalar(value, 'a text');
  return node?.value === '' ? '' : node === null ? null : readText(values, value, atMost(MAX_TAG_VALUE));
}

function readTarget(values: YamlValues, fields: Fields): RuleTarget | null {
  const one = fields.id('targetId', 'target');
  const several = fields.texts('targetIds', (text) => idTrouble('target', text));
  const launch = readLaunch(values, fields);
  const given = fields.has('targetId') || fields.has('targetIds');
  const kinds = LAUNCH.filter((key) => fields.has(key));
  if (fields.has('targetId') && fields.has('targetIds')) {
    return values.problem(fields.at('targetIds'), `${fields.path} has both targetId and targetIds`);
  }
  if (several?.length === 0) values.problem(fields.at('targetIds'), `${fields.path}.targetIds has no usable target`);
  if (given && kinds.length > 0) {
    values.warning(
      fields.at(kinds[0]),
      `${fields.path} has a target: ${kinds.join(', ')} ${kinds.length === 1 ? 'is' : 'are'} not used`,
    );
  }
  if (given) return one === null && several === null ? null : { by: 'id', ids: several ?? (one === null ? [] : [one]) };
  if (kinds.length === LAUNCH.length) return launch;
  const missing = LAUNCH.filter((key) => !fields.has(key));
  const why = kinds.length === 0 ? `neither targetId nor ${LAUNCH.join(', ')}` : `no ${missing.join(', no ')}`;
  return values.problem(fields.node, `${fields.path} has ${why}`);
}

function readLaunch(values: YamlValues, fields: Fields): RuleTarget | null {
  const instanceType = fields.text('targetInstanceType', instanceTypeTrouble);
  const image = fields.id('targetInstanceAmi', 'image');
  const securityGroups = fields.texts('targetSecurityGroupIds', (text) => idTrouble('security group', text));
  const subnet = fields.id('targetSubnetId', 'subnet');
  if (securityGroups?.length === 0) {
    values.problem(fields.at('targetSecurityGroupIds'), `${fields.path}.targetSecurityGroupIds has no usable group`);
  }
  if (instanceType === null || image === null || securityGroups === null) return null;
  return { by: 'launch', instanceType, image, securityGroups, subnet };
}

function doubts(values: YamlValues, fields: Fields, maxSessions: number | null, file: RuleFile): void {
  if (fields.has('ttl') && !file.enable.findings) {
    values.warning(fields.at('ttl'), `${fields.path}.ttl has no effect: findings are not enabled`);
  }
  if (maxSessions === null || file.maxSessions === null || maxSessions <= file.maxSessions) return;
  const more = `is ${maxSessions}, more than the file allows for all rules: ${file.maxSessions}`;
  values.warning(fields.at('maxSessions'), `${fields.path}.maxSessions ${more}`);
}
