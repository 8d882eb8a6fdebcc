// Turns the format rules of the settings and a log group's name into the format of that group's lines.
import { DEFAULT_FORMAT, TRANSIT_GATEWAY_FORMAT } from '../../schemas/fields.ts';
import type { Settings } from '../../schemas/settings.ts';
import { type Format, parseFormat } from './format.ts';

/**
 * The format of lines for which none is declared: the default of VPC flow logs. It is told from a declared format by
 * identity, since only undeclared lines may turn out to be those of a transit gateway (`undeclaredFormat`).
 */
export const UNDECLARED_FORMAT: Format = parseFormat(DEFAULT_FORMAT);

/** The default format of transit-gateway flow logs. */
export const TRANSIT_GATEWAY: Format = parseFormat(TRANSIT_GATEWAY_FORMAT);

const TRANSIT_GATEWAY_START = new TextEncoder().encode('6 TransitGateway ');

/** The format of one undeclared line: the transit-gateway default if it begins with `6 TransitGateway`. */
export function undeclaredFormat(buf: Uint8Array, start: number, end: number): Format {
  if (end - start < TRANSIT_GATEWAY_START.length) return UNDECLARED_FORMAT;
  for (let i = 0; i < TRANSIT_GATEWAY_START.length; i++) {
    if (buf[start + i] !== TRANSIT_GATEWAY_START[i]) return UNDECLARED_FORMAT;
  }
  return TRANSIT_GATEWAY;
}

/** Whether a rule's pattern is the log group's whole name; `*` stands for any run of characters, also of none. */
export function formatRuleMatches(pattern: string, logGroup: string): boolean {
  let p = 0;
  let g = 0;
  let star = -1; // the last `*` met in the pattern
  let resume = 0; // where in the name that `*` ends for now
  while (g < logGroup.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = g;
    } else if (p < pattern.length && pattern[p] === logGroup[g]) {
      p++;
      g++;
    } else if (star >= 0) {
      p = star + 1;
      g = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

interface ParsedRules {
  readonly rules: readonly { readonly logGroup: string; readonly format: Format }[];
  readonly otherwise: Format;
}

// Settings are immutable, so what was parsed from one object stays true for as long as somebody holds it.
const parsed = new WeakMap<Settings, ParsedRules>();

const parseRules = (settings: Settings): ParsedRules => {
  const known = parsed.get(settings);
  if (known !== undefined) return known;
  const rules: ParsedRules = {
    rules: settings.formats.map((rule) => ({ logGroup: rule.logGroup, format: parseFormat(rule.format) })),
    otherwise: settings.format === null ? UNDECLARED_FORMAT : parseFormat(settings.format),
  };
  parsed.set(settings, rules);
  return rules;
};

/**
 * The format of a log group's lines: the first rule that matches, then the settings' own format, then
 * `UNDECLARED_FORMAT`. Lines without a log group (null) are of the one that the settings name, if any, else they match
 * no rule. The same settings object and rule always give the same Format object.
 *
 * @throws VpcflowError VF_BAD_FORMAT when any rule of the settings has a bad format, matching or not; a process asks
 * once at its start, so that no record is the first to find out.
 */
export function chooseFormat(settings: Settings, logGroup: string | null): Format {
  const { rules, otherwise } = parseRules(settings);
  const group = logGroup ?? settings.logGroup;
  if (group === null) return otherwise;
  return rules.find((rule) => formatRuleMatches(rule.logGroup, group))?.format ?? otherwise;
}

const ofObjects = new WeakMap<Settings, Map<string, Settings>>();

/**
 * The settings for one object: rules whose pattern begins with `s3://` are for objects, and the first that matches the
 * object's name (`s3://bucket/key`) gives the format of its lines that declare none, before the settings' own. The same
 * settings object and rule always give the same object.
 */
export function settingsOfObject(settings: Settings, name: string): Settings {
  if (!name.startsWith('s3://')) return settings;
  const rules = settings.formats.filter(({ logGroup }) => logGroup.startsWith('s3://'));
  const format = rules.find(({ logGroup }) => formatRuleMatches(logGroup, name))?.format;
  if (format === undefined) return settings;
  const known = ofObjects.get(settings) ?? new Map<string, Settings>();
  ofObjects.set(settings, known);
  const chosen = known.get(format) ?? { ...settings, format };
  known.set(format, chosen);
  return chosen;
}

/** Whether a rule of the settings says what the log group's lines are. Throws as `chooseFormat` does. */
export function isRuled(settings: Settings, logGroup: string): boolean {
  return parseRules(settings).rules.some((rule) => formatRuleMatches(rule.logGroup, logGroup));
}
