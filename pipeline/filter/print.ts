// Turns the tree of a filter into text that is read as the same tree.
import type { Filter, Value } from './parse.ts';

/** In one line, keywords in lower case, with the parentheses that the tree needs and no others. */
export function printFilter(filter: Filter | null): string {
  if (filter === null) return '';
  switch (filter.kind) {
    case 'and':
      return filter.parts.map((part) => within(part, ['comparison', 'not'])).join(' and ');
    case 'or':
      return filter.parts.map((part) => within(part, ['comparison', 'not', 'and'])).join(' or ');
    case 'not':
      return `not ${within(filter.part, ['comparison', 'not'])}`;
    case 'comparison': {
      const values = filter.values.map(printValue);
      return `${filter.name} ${filter.operator} ${filter.operator === 'in' ? `(${values.join(', ')})` : values[0]}`;
    }
  }
}

const within = (part: Filter, bare: readonly Filter['kind'][]): string =>
  bare.includes(part.kind) ? printFilter(part) : `(${printFilter(part)})`;

const printValue = ({ text, quoted }: Value): string => (quoted ? quotedText(text) : text);

/** Any text as a value of a filter. */
export const quotedText = (text: string): string =>
  `"${text.replaceAll(/["\\\n\r\t]/g, (character) => ESCAPED[character] ?? `\\${character}`)}"`;

const ESCAPED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
