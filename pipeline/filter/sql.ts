// Turns what a filter asks into a condition of one dialect: SQL in which every value is a bound parameter.
import type { Condition } from './condition.ts';
import type { Dialect } from './dialects.ts';
import { networksSql } from './network-list.ts';
import type { Predicate, Scalar } from './predicate.ts';

/** SQL that is true where the predicate holds, and false or NULL elsewhere. */
export function predicateSql(predicate: Predicate, dialect: Dialect): Condition {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return joined(
        predicate.parts.map((part) => predicateSql(part, dialect)),
        predicate.kind === 'and' ? 'AND' : 'OR',
      );
    case 'not': {
      const { sql, parameters } = predicateSql(predicate.part, dialect);
      return { sql: `(NOT coalesce(${sql}, false))`, parameters };
    }
    case 'null':
      return { sql: `${columnSql(predicate.column)} IS ${predicate.isNull ? '' : 'NOT '}NULL`, parameters: [] };
    case 'compare': {
      const { sql, parameters } = scalarSql(predicate.value, dialect);
      return { sql: `${columnSql(predicate.column)} ${predicate.order} ${sql}`, parameters };
    }
    case 'in': {
      const values = predicate.values.map((value) => scalarSql(value, dialect));
      const list = values.map(({ sql }) => sql).join(', ');
      return { sql: `${columnSql(predicate.column)} IN (${list})`, parameters: values.flatMap((v) => v.parameters) };
    }
    case 'contains':
      return { sql: dialect.holds(columnSql(predicate.column), '?'), parameters: [predicate.part] };
    case 'networks':
      return networksSql(columnSql(predicate.column), predicate.networks, dialect);
  }
}

const columnSql = (name: string): string => `digest."${name}"`;

function scalarSql(scalar: Scalar, dialect: Dialect): Condition {
  if (scalar.type !== 'time') return { sql: '?', parameters: [scalar.value] };
  const { sql, parameter } = dialect.time(scalar.value);
  return { sql, parameters: [parameter] };
}

/** As a balanced tree: engines nest a chain of ORs as deep as it is long, and bound that depth. */
function joined(conditions: readonly Condition[], word: 'AND' | 'OR'): Condition {
  const tree = (from: number, to: number): string => {
    if (to - from === 1) return conditions[from].sql;
    if (to - from <= FLAT)
      return `(${conditions
        .slice(from, to)
        .map(({ sql }) => sql)
        .join(` ${word} `)})`;
    const middle = (from + to) >> 1;
    return `(${tree(from, middle)} ${word} ${tree(middle, to)})`;
  };
  return { sql: tree(0, conditions.length), parameters: conditions.flatMap(({ parameters }) => parameters) };
}

const FLAT = 16; // parts that are written without further parentheses
