// Turns a filter into a condition on digest rows. A comparison with NULL is false, and its `not` is true.
import { DIGEST_COLUMNS } from '../../schemas/columns.ts';
import { FIELDS } from '../../schemas/fields.ts';
import type { QueryParameter } from '../../schemas/query.ts';
import type { Condition } from './condition.ts';
import { networkSql, parseNetwork } from './networks.ts';
import { type Comparison, type Filter, parseFilter, type Value } from './parse.ts';
import { filterError } from './tokens.ts';
import { addressValue, integerValue, secondsValue, timeValue } from './values.ts';

type Kind = 'address' | 'integer' | 'size' | 'seconds' | 'time' | 'text';

/** What a name in a filter stands for: one column, or both sides of a flow. */
interface Target {
  readonly columns: readonly string[];
  readonly kind: Kind;
}

const ADDRESSES = new Set(FIELDS.filter((f) => f.kind === 'address').map((f) => f.column));

const kindOf = (name: string, type: string): Kind => {
  if (ADDRESSES.has(name)) return 'address';
  if (type === 'timestamp') return 'time';
  if (name === 'start' || name === 'end') return 'seconds';
  if (type === 'int64') return 'size';
  return type === 'int32' ? 'integer' : 'text';
};

const TARGETS: ReadonlyMap<string, Target> = new Map<string, Target>([
  ...DIGEST_COLUMNS.map((c): [string, Target] => [c.name, { columns: [c.name], kind: kindOf(c.name, c.type) }]),
  ['addr', { columns: ['srcaddr', 'dstaddr'], kind: 'address' }],
  ['port', { columns: ['srcport', 'dstport'], kind: 'integer' }],
]);

/** The names that a filter may use: every digest column, and `addr` and `port` for either side. */
export const FILTER_NAMES: readonly string[] = [...TARGETS.keys()];

/** The condition of a filter, null for an empty one. `now` is for relative times (Unix ms). Throws VF_BAD_FILTER. */
export function compileFilter(text: string, now: number): Condition | null {
  const filter = parseFilter(text);
  return filter === null ? null : compile(filter, now);
}

/** SQL that is true where the filter holds, and false or NULL elsewhere; NOT therefore asks whether it is not true. */
function compile(filter: Filter, now: number): Condition {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return joined(
        filter.parts.map((part) => compile(part, now)),
        filter.kind === 'and' ? 'AND' : 'OR',
      );
    case 'not': {
      const { sql, parameters } = compile(filter.part, now);
      return { sql: `((${sql}) IS NOT TRUE)`, parameters };
    }
    case 'comparison':
      return comparison(filter, now);
  }
}

const joined = (conditions: readonly Condition[], word: 'AND' | 'OR'): Condition => ({
  sql: conditions.length === 1 ? conditions[0].sql : `(${conditions.map((c) => c.sql).join(` ${word} `)})`,
  parameters: conditions.flatMap((c) => c.parameters),
});

/** Of two sides one is enough, except that `!=` speaks of both: `addr != x` keeps what x has no part in. */
function comparison(filter: Comparison, now: number): Condition {
  const target = TARGETS.get(filter.name);
  if (target === undefined) {
    const help = `the columns are ${FILTER_NAMES.join(', ')}`;
    throw filterError(filter.column, `there is no column ${JSON.stringify(filter.name)}`, help);
  }
  const sides = target.columns.map((name) => columnComparison(`digest."${name}"`, target.kind, filter, now));
  return joined(sides, filter.operator === '!=' ? 'AND' : 'OR');
}

const isNull = (value: Value): boolean => !value.quoted && value.text.toLowerCase() === 'null';

function columnComparison(column: string, kind: Kind, filter: Comparison, now: number): Condition {
  const { operator, values } = filter;
  const [value] = values;
  const nullValue = values.find(isNull);
  if (nullValue !== undefined) {
    if (operator === '=') return { sql: `${column} IS NULL`, parameters: [] };
    if (operator === '!=') return { sql: `${column} IS NOT NULL`, parameters: [] };
    throw filterError(
      nullValue.column,
      `null cannot be compared with ${operator}`,
      'ask for it with = null or != null',
    );
  }
  if (operator === '~') {
    if (kind !== 'text' && kind !== 'address') throw noOperator(filter, 'which has no text');
    return { sql: `contains(${column}, ?)`, parameters: [value.text] };
  }
  if (kind === 'address') return addressComparison(column, filter);
  const bind = kind === 'time' ? 'make_timestamptz(?)' : '?';
  if (operator === 'in') {
    const parameters = values.map((one) => parameterOf(one, kind, now));
    return { sql: `${column} IN (${parameters.map(() => bind).join(', ')})`, parameters };
  }
  return {
    sql: `${column} ${operator === '!=' ? '<>' : operator} ${bind}`,
    parameters: [parameterOf(value, kind, now)],
  };
}

function addressComparison(column: string, filter: Comparison): Condition {
  const { operator, values } = filter;
  if (operator === 'in') {
    return joined(
      values.map((value) => {
        const network = parseNetwork(value.text);
        if (network !== null) return networkSql(column, network);
        const help = 'give networks such as 10.0.0.0/8 or 2001:db8::/32';
        throw filterError(value.column, `${JSON.stringify(value.text)} is no network`, help);
      }),
      'OR',
    );
  }
  if (operator !== '=' && operator !== '!=') throw noOperator(filter, 'whose addresses have no order');
  return { sql: `${column} ${operator === '!=' ? '<>' : '='} ?`, parameters: [addressValue(values[0])] };
}

const noOperator = (filter: Comparison, why: string): Error =>
  filterError(filter.column, `${filter.operator} does not fit ${filter.name}, ${why}`, 'use another operator');

function parameterOf(value: Value, kind: Exclude<Kind, 'address'>, now: number): QueryParameter {
  switch (kind) {
    case 'integer':
      return integerValue(value, false);
    case 'size':
      return integerValue(value, true);
    case 'seconds':
      return secondsValue(value, now);
    case 'time':
      return BigInt(timeValue(value, now)) * 1000n; // microseconds
    case 'text':
      return value.text;
  }
}
