// Reads what a rule file says for all its rules: the mode, what is enabled, which findings, bounds and guards.
import {
  MIRROR_MODES,
  type MirrorMode,
  type MirrorRule,
  type MirrorRules,
  SCOPES,
} from '../../schemas/mirroring/rules.ts';
import { Fields, type Trouble } from './fields.ts';
import { shown, type YamlValues } from './yaml-values.ts';

const MINUTE = 60; // s
const DAY = 86_400; // s
const UNITS: Readonly<Record<string, number>> = { s: 1, m: MINUTE, h: 3600, d: DAY };
const TTL_BOUNDS = { min: MINUTE, max: 30 * DAY };
const DEFAULT_TTL = 3600; // s
const SHORTEST_USEFUL_PACKET = 35; // bytes; AWS's guide, for IPv4
const DEFAULT_SESSION_PRICE = 0.015; // USD a session and hour

/** Keys that stand for all rules, and that a rule may have for itself. */
export const RULE_SETTINGS = ['scope', 'ttl', 'maxSessions', 'packetLength', 'virtualNetworkId'] as const;

const ENABLE = ['existing', 'launches', 'findings'] as const;
const GUARD = ['maxCostPerHour', 'sessionPrice', 'maxMbps'] as const;

export const SETTINGS = [
  ...['mode', 'enable', 'findings', ...RULE_SETTINGS, 'neighbours', 'guard', 'denyFamilies'],
] as const;

export type RuleSettings = Pick<MirrorRule, (typeof RULE_SETTINGS)[number]>;

/** `90s`, `30m`, `2h`, `1d` in seconds; null where it is no such text. */
const secondsOf = (text: string): number | null => {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  return match === null ? null : Number(match[1]) * UNITS[match[2]];
};

const ttlTrouble: Trouble = (text) => {
  const seconds = secondsOf(text);
  if (seconds === null) return `is ${shown(text)}, not a time such as 90s, 30m, 2h or 1d`;
  return seconds >= TTL_BOUNDS.min && seconds <= TTL_BOUNDS.max ? null : `is ${text}, not 1m to 30d`;
};

/** The settings that a rule has itself, each else from `defaults`; its own `maxSessions` has none. */
export function readRuleSettings(
  values: YamlValues,
  fields: Fields,
  defaults: Omit<RuleSettings, 'maxSessions'>,
): RuleSettings {
  const ttl = fields.text('ttl', ttlTrouble);
  const packetLength = fields.number('packetLength', { min: 1, max: 8500, whole: true });
  if (packetLength !== null && packetLength < SHORTEST_USEFUL_PACKET) {
    const why = `packetLength is ${packetLength}: the headers of IPv4 need ${SHORTEST_USEFUL_PACKET} bytes`;
    values.warning(fields.at('packetLength'), why);
  }
  return {
    scope: fields.choice('scope', SCOPES) ?? defaults.scope,
    ttl: (ttl === null ? null : secondsOf(ttl)) ?? defaults.ttl,
    maxSessions: fields.number('maxSessions', { min: 1, max: 10_000, whole: true }),
    packetLength: packetLength ?? defaults.packetLength,
    virtualNetworkId:
      fields.number('virtualNetworkId', { min: 0, max: 2 ** 24 - 1, whole: true }) ?? defaults.virtualNetworkId,
  };
}

const NO_SETTINGS = { scope: 'affected', ttl: DEFAULT_TTL, packetLength: null, virtualNetworkId: null } as const;

export interface Overrides {
  /** In the place of the file's `mode`; null: the file has to say one. */
  readonly mode: MirrorMode | null;
  /** In the place of the file's `enable`; null: the file's, or findings alone. */
  readonly enable: MirrorRules['enable'] | null;
}

/** What the rules of a file have to know of it. */
export type RuleFile = Omit<MirrorRules, 'regions' | 'mode'> & { readonly ruleDefaults: RuleSettings };

export type FileSettings = RuleFile & {
  /** Null: a problem was found. */
  readonly mode: MirrorMode | null;
};

export function readSettings(values: YamlValues, fields: Fields, overrides: Overrides): FileSettings {
  const ruleDefaults = readRuleSettings(values, fields, NO_SETTINGS);
  const settings: FileSettings = {
    mode: readMode(values, fields, overrides),
    enable: readEnable(fields, overrides),
    findings: readFindings(values, fields),
    maxSessions: ruleDefaults.maxSessions,
    neighbours: fields.number('neighbours', { min: 0, max: 20, whole: true }) ?? 0,
    guard: readGuard(fields),
    denyFamilies: fields.texts('denyFamilies', familyTrouble) ?? [],
    ruleDefaults,
  };
  const { findings, launches, existing } = settings.enable;
  if (!(findings || launches || existing)) values.warning(fields.at('enable'), 'nothing is enabled');
  for (const key of ['findings', 'ttl', 'neighbours']) {
    if (!findings && fields.has(key)) values.warning(fields.at(key), `${key} has no effect: findings are not enabled`);
  }
  return settings;
}

function readMode(values: YamlValues, fields: Fields, overrides: Overrides): MirrorMode | null {
  const mode = fields.choice('mode', MIRROR_MODES);
  if (overrides.mode !== null || fields.has('mode')) return overrides.mode ?? mode;
  return values.problem(fields.node, `mode is missing: say ${MIRROR_MODES.join(' or ')}, in the file or with --mode`);
}

function readEnable(fields: Fields, overrides: Overrides): MirrorRules['enable'] {
  const given = fields.fields('enable', ENABLE);
  const own = {
    existing: given?.flag('existing') ?? false,
    launches: given?.flag('launches') ?? false,
    findings: given?.flag('findings') ?? true,
  };
  return overrides.enable ?? own;
}

const typeTrouble: Trouble = (text) =>
  /^[\w*][\w*:/.&!-]{0,199}$/.test(text) ? null : `is ${shown(text)}, not a finding type such as Recon:*`;

const listedTypeTrouble: Trouble = (text) => typeTrouble(text.replace(/^!/, ''));

function readFindings(values: YamlValues, fields: Fields): MirrorRules['findings'] {
  const given = fields.fields('findings', ['types', 'minSeverity']);
  const minSeverity = given?.number('minSeverity', { min: 1, max: 10, whole: false }) ?? 1;
  const types = given?.get('types') ?? null;
  if (given === null || types === null) return { allow: [], deny: [], minSeverity };
  if (values.isList(types)) {
    const listed = given.texts('types', listedTypeTrouble) ?? [];
    const allow = listed.filter((type) => !type.startsWith('!'));
    return { allow, deny: listed.filter((type) => type.startsWith('!')).map((type) => type.slice(1)), minSeverity };
  }
  const both = new Fields(values, [types], ['allow', 'deny']);
  return { allow: both.texts('allow', typeTrouble) ?? [], deny: both.texts('deny', typeTrouble) ?? [], minSeverity };
}

function readGuard(fields: Fields): MirrorRules['guard'] {
  const given = fields.fields('guard', GUARD);
  const amount = (key: (typeof GUARD)[number], max: number): number | null =>
    given?.number(key, { min: key === 'sessionPrice' ? 0 : 0.001, max, whole: false }) ?? null;
  return {
    maxCostPerHour: amount('maxCostPerHour', 1_000_000),
    sessionPrice: amount('sessionPrice', 1000) ?? DEFAULT_SESSION_PRICE,
    maxMbps: amount('maxMbps', 100_000_000),
  };
}

const familyTrouble: Trouble = (text) => {
  if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(text)) return null;
  const family = text.split('.')[0];
  return `is ${shown(text)}, not a family of instances such as ${family === text || family === '' ? 't2' : family}`;
};
