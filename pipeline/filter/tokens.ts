// Turns the text of a filter into tokens, each with the column at which it stands.
import { VpcflowError } from '../../schemas/errors.ts';

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '~';

/** `word`: anything bare, keywords and numbers included; `text`: what stood in quotes. */
export type Token =
  | { readonly kind: 'word' | 'text'; readonly value: string; readonly column: number }
  | { readonly kind: 'operator'; readonly value: Operator; readonly column: number }
  | { readonly kind: 'open' | 'close' | 'comma' | 'end'; readonly value: string; readonly column: number };

/** The longest filter, in characters. */
export const MAX_FILTER_LENGTH = 16_384;

/** What is wrong with a filter, and at which column (1-based, in characters). */
export const filterError = (column: number, what: string, help?: string): VpcflowError =>
  new VpcflowError('VF_BAD_FILTER', `filter, column ${column}: ${what}`, help === undefined ? {} : { help });

const SPACE = /\s+/uy;
const OPERATOR = /!=|<=|>=|=|<|>|~/y;
const WORD = /[^\s()=!<>~,"']+/uy;

const PUNCTUATION: Readonly<Record<string, 'open' | 'close' | 'comma'>> = { '(': 'open', ')': 'close', ',': 'comma' };

/** Ends with a token `end`. Throws VF_BAD_FILTER. */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_FILTER_LENGTH) {
    throw filterError(MAX_FILTER_LENGTH + 1, `a filter has at most ${MAX_FILTER_LENGTH} characters`);
  }
  const tokens: Token[] = [];
  const columns = new Columns(text);
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return null;
    at += found.length;
    return found;
  };
  while (at < text.length) {
    if (match(SPACE) !== null) continue;
    const column = columns.at(at);
    const punctuation = PUNCTUATION[text[at]];
    if (punctuation !== undefined) {
      tokens.push({ kind: punctuation, value: text[at], column });
      at += 1;
    } else if (text[at] === '"' || text[at] === "'") {
      const { value, end } = quoted(text, at, column);
      tokens.push({ kind: 'text', value, column });
      at = end;
    } else {
      const operator = match(OPERATOR);
      const word = operator === null ? match(WORD) : null;
      // The pattern has no other alternatives than the operators.
      if (operator !== null) tokens.push({ kind: 'operator', value: operator as Operator, column });
      else if (word !== null) tokens.push({ kind: 'word', value: word, column });
      else throw filterError(column, `${JSON.stringify(text[at])} means nothing here`);
    }
  }
  tokens.push({ kind: 'end', value: 'the end', column: columns.at(text.length) });
  return tokens;
}

/** A text in single or double quotes; a backslash makes the next character itself, and n, r and t a line break or tab. */
function quoted(text: string, start: number, column: number): { readonly value: string; readonly end: number } {
  const quote = text[start];
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === quote) return { value, end: at + 1 };
    if (text[at] === '\\') {
      at += 1;
      value += ESCAPES[text[at]] ?? text[at] ?? '';
    } else value += text[at];
  }
  throw filterError(column, `the quote ${quote} is not closed`);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** Columns, 1-based and counted in characters (not in UTF-16 units), of ascending positions of a text. */
class Columns {
  readonly #text: string;
  #position = 0;
  #column = 1;

  constructor(text: string) {
    this.#text = text;
  }

  at(position: number): number {
    this.#column += [...this.#text.slice(this.#position, position)].length;
    this.#position = position;
    return this.#column;
  }
}
