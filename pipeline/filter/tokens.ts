// Turns the text of a filter into tokens, each with the place at which it stands.
import { VpcflowError } from '../../schemas/errors.ts';

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '~';

/** Where a token stands: UTF-16 offsets of the text, and the column (1-based, in characters) of its beginning. */
export interface Place {
  readonly from: number;
  readonly to: number;
  readonly column: number;
}

/** `word`: anything bare, keywords and numbers included; `text`: what stood in quotes. */
export type Token = Place &
  (
    | { readonly kind: 'word' | 'text'; readonly value: string }
    | { readonly kind: 'operator'; readonly value: Operator }
    | { readonly kind: 'open' | 'close' | 'comma' | 'end'; readonly value: string }
  );

/** The longest filter, in UTF-16 units. */
const MAX_FILTER_LENGTH = 262_144;

/** VF_BAD_FILTER with the column (1-based, in characters) at which it lies. */
export class FilterError extends VpcflowError {
  readonly column: number;

  constructor(column: number, what: string, help?: string) {
    super('VF_BAD_FILTER', `filter, column ${column}: ${what}`, help === undefined ? {} : { help });
    this.column = column;
  }
}

export const filterError = (column: number, what: string, help?: string): FilterError =>
  new FilterError(column, what, help);

const LONGEST_SHOWN = 60; // characters of what was written, in a message

/** What was written, in quotes; its beginning where it is long. */
export const shown = (text: string): string =>
  JSON.stringify(text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`);

const SPACE = /[\s\ufeff]+/uy;
const OPERATOR = /!=|<=|>=|=|<|>|~/y;
// Neither control characters nor halves of surrogate pairs, which are no characters.
const WORD = /[^\s()=!<>~,"'\p{Cc}\p{Cs}]+/uy;

const PUNCTUATION: Readonly<Record<string, 'open' | 'close' | 'comma'>> = { '(': 'open', ')': 'close', ',': 'comma' };

const QUOTES = new Set(['"', "'"]);

/**
 * Ends with a token `end`. `unfinished` takes a text that ends within quotes, or with half an operator, as one that is
 * being typed. Throws VF_BAD_FILTER.
 */
export function tokenize(text: string, unfinished = false): Token[] {
  if (text.length > MAX_FILTER_LENGTH) {
    throw filterError(MAX_FILTER_LENGTH + 1, `a filter has at most ${MAX_FILTER_LENGTH} characters`);
  }
  const tokens: Token[] = [];
  const columns = new Columns(text);
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
  };
  while (at < text.length) {
    const space = match(SPACE);
    if (space !== null) {
      at += space.length;
      continue;
    }
    const token = tokenAt(text, at, columns.at(at), match, unfinished);
    tokens.push(token);
    at = token.to;
  }
  tokens.push({ kind: 'end', value: 'the end', from: at, to: at, column: columns.at(at) });
  return tokens;
}

function tokenAt(
  text: string,
  from: number,
  column: number,
  match: (pattern: RegExp) => string | null,
  unfinished: boolean,
): Token {
  const punctuation = PUNCTUATION[text[from]];
  if (punctuation !== undefined) return { kind: punctuation, value: text[from], from, to: from + 1, column };
  if (QUOTES.has(text[from])) {
    const { value, to } = quoted(text, from, column, unfinished);
    return { kind: 'text', value, from, to, column };
  }
  // The pattern has no other alternatives than the operators.
  const operator = match(OPERATOR) as Operator | null;
  if (operator !== null) return { kind: 'operator', value: operator, from, to: from + operator.length, column };
  const word = match(WORD);
  if (word !== null) return { kind: 'word', value: word, from, to: from + word.length, column };
  if (unfinished && text[from] === '!' && from + 1 === text.length) {
    return { kind: 'operator', value: '!=', from, to: from + 1, column };
  }
  throw filterError(column, `${shown(String.fromCodePoint(text.codePointAt(from) ?? 0))} means nothing here`);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** A text in single or double quotes; a backslash makes the next character itself, and n, r and t a line break or tab. */
function quoted(
  text: string,
  from: number,
  column: number,
  unfinished: boolean,
): { readonly value: string; readonly to: number } {
  const quote = text[from];
  let value = '';
  let at = from + 1;
  for (; at < text.length && text[at] !== quote; at++) {
    if (text[at] === '\\') {
      at += 1;
      value += ESCAPES[text[at]] ?? text[at] ?? '';
    } else value += text[at];
  }
  if (at >= text.length) {
    if (unfinished) return { value, to: text.length };
    throw filterError(column, `the quote ${quote} is not closed`, `end the text with ${quote}`);
  }
  // What no column can hold: the engines' texts are UTF-8, and end at a NUL.
  if (!value.isWellFormed() || value.includes('\0')) {
    throw filterError(column, 'a text has no NUL and no half of a surrogate pair');
  }
  return { value, to: at + 1 };
}

/** Columns, 1-based and counted in characters (not in UTF-16 units), of ascending positions of a text. */
class Columns {
  readonly #text: string;
  #position = 0;
  #column = 1;

  constructor(text: string) {
    this.#text = text;
  }

  at(position: number): number {
    for (const _ of this.#text.slice(this.#position, position)) this.#column += 1;
    this.#position = position;
    return this.#column;
  }
}
