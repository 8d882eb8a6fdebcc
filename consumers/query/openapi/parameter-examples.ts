// What a parameter of a URL may hold, where its own schema only says that it is text: bounds, defaults, an example.
import { GROUPING_FORMS, parseGrouping } from '../../../schemas/groupings.ts';
import { DURATION } from '../../shared/option-kinds.ts';
import { OPTIONS } from '../../shared/options.ts';
import type { JsonSchema } from './json-schema.ts';

/** A parameter of an operation, as far as it is looked at here. */
export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: JsonSchema;
  readonly example?: unknown;
}

interface Known {
  readonly example: string | number;
  readonly schema?: JsonSchema;
}

const TIME: JsonSchema = {
  anyOf: [
    { type: 'string', format: 'date-time', title: 'RFC 3339' },
    { type: 'string', pattern: '^now([+-]\\d{1,9}[smhdw])?$', title: 'now, now-15m, now-1d' },
  ],
};

const LENGTH: JsonSchema = { type: 'string', pattern: DURATION.source, title: '90s, 30m, 2h, 1d' };

/** Those that are written as they stand: `cidrN` is not. */
const NAMED = GROUPING_FORMS.filter((form) => parseGrouping(form) !== null);

const GROUP: JsonSchema = {
  anyOf: [
    { type: 'string', enum: NAMED },
    { type: 'string', pattern: '^cidr\\d{1,2}(-\\d{1,3})?$', title: 'cidrN, cidrN-M' },
  ],
  default: OPTIONS.grouping.defaultText,
};

const integer = ({ range: [minimum, maximum] }: { readonly range: readonly [number, number] }): JsonSchema => ({
  ...{ type: 'integer', minimum, maximum },
});

const KNOWN: Readonly<Record<string, Known>> = {
  start: { example: '2026-11-20T14:05:00Z', schema: TIME },
  stop: { example: '2026-11-20T14:20:00Z', schema: TIME },
  'against-start': { example: '2026-11-19T14:05:00Z', schema: TIME },
  'against-stop': { example: '2026-11-19T14:20:00Z', schema: TIME },
  lateness: { example: OPTIONS.lateness.defaultText, schema: { ...LENGTH, default: OPTIONS.lateness.defaultText } },
  step: { example: '5m', schema: LENGTH },
  filter: { example: 'dstport = https', schema: { type: 'string', default: '' } },
  top: { example: 200, schema: integer(OPTIONS.top) },
  'own-networks': { example: '10.0.0.0/8,fc00::/7' },
  finding: { example: '4ac2e1b2d3f1a0b7c6d5e4f3a2b1c0d9' },
  interface: { example: 'eni-0a1b2c3d4e5f60718' },
  instance: { example: 'i-0a1b2c3d4e5f60718' },
  text: { example: 'dstport = ' },
  at: { example: 10, schema: { type: 'integer', minimum: 0, maximum: 999_999_999 } },
  '/v1/rows group': { example: 'srcaddr,dstaddr,dstport' },
  group: { example: 'cidr24', schema: GROUP },
};

/** The parameter with its bounds and an example: its own, the table's, or the first of its values. */
export function withExample(path: string, parameter: Parameter): Parameter {
  const { schema = {} } = parameter;
  // A route's own enum says more than the table.
  const known = Array.isArray(schema.enum) ? undefined : (KNOWN[`${path} ${parameter.name}`] ?? KNOWN[parameter.name]);
  const merged = known?.schema === undefined ? schema : known.schema;
  const example = parameter.example ?? known?.example ?? (Array.isArray(schema.enum) ? schema.enum[0] : undefined);
  return { ...parameter, schema: merged, ...(example === undefined ? {} : { example }) };
}
