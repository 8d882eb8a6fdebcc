// Says what can stand at a place of a filter that is being typed: names, operators, keywords and values that are known
// without looking at any data. The grammar itself is asked, up to the token that the cursor touches.
import { compileFilter } from './compile.ts';
import { expectedAtEnd, parseFilter } from './parse.ts';
import { printFilter } from './print.ts';
import { type Proposal, proposalsFor } from './proposals.ts';
import { FilterError, type Token, tokenize } from './tokens.ts';

export interface Completion {
  /** UTF-16 offsets of the text that a proposal replaces; equal where it is inserted. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Proposal[];
  /** Why the whole text is no filter: `position` is a UTF-16 offset, `column` counts characters from 1. */
  readonly error: {
    readonly position: number;
    readonly column: number;
    readonly message: string;
    readonly help: string;
  } | null;
  /** The text written tidily; null where it is no filter. */
  readonly tidy: string | null;
}

/** `at` is the cursor, a UTF-16 offset of the text (cut to it); `now` (Unix ms) is what relative times count from. */
export function completeFilter(text: string, at: number, now: number): Completion {
  const cursor = Math.min(Math.max(at, 0), text.length);
  const error = errorOf(text, now);
  const tidy = error === null ? printFilter(parseFilter(text)) : null;
  const place = placeOf(text, cursor);
  if (place === null) return { from: cursor, to: cursor, items: [], error, tidy };
  const { before, from, to } = place;
  const expected = expectedAtEnd([...before, { kind: 'end', value: 'the end', from, to: from, column: 0 }]);
  const typed = text.slice(from, cursor).replace(/^["']/, '').toLowerCase();
  const items = (expected ?? []).flatMap(proposalsFor).filter((one) => one.text.toLowerCase().includes(typed));
  // What begins as it is typed comes first; the order of the tables stays otherwise.
  const begins = (one: Proposal) => (one.text.toLowerCase().startsWith(typed) ? 0 : 1);
  return { from, to, items: distinct(items.sort((a, b) => begins(a) - begins(b))), error, tidy };
}

function errorOf(text: string, now: number): Completion['error'] {
  try {
    compileFilter(text, now);
    return null;
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const { column, message, help } = error;
    let position = 0;
    for (let left = column - 1; left > 0 && position < text.length; left--) {
      position += (text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1;
    }
    return { position, column, message, help };
  }
}

/** The tokens before the cursor but for the one that it touches, and the extent of that; null where they are none. */
function placeOf(
  text: string,
  cursor: number,
): { readonly before: readonly Token[]; readonly from: number; readonly to: number } | null {
  try {
    const tokens = tokenize(text.slice(0, cursor), true).slice(0, -1);
    const last = tokens.at(-1);
    if (last === undefined || last.to < cursor || !isTyped(last, text, cursor)) {
      return { before: tokens, from: cursor, to: cursor };
    }
    return { before: tokens.slice(0, -1), from: last.from, to: wholeEnd(text, last) };
  } catch (error) {
    if (error instanceof FilterError) return null;
    throw error;
  }
}

/** Whether a token that ends at the cursor may still go on: a word, an open quote, half an operator. */
function isTyped({ kind, from, value }: Token, text: string, cursor: number): boolean {
  if (kind === 'word') return true;
  if (kind === 'operator') return value === '!=' && cursor - from === 1;
  return kind === 'text' && !isClosed(text.slice(from, cursor));
}

function isClosed(text: string): boolean {
  try {
    tokenize(text);
    return true;
  } catch {
    return false;
  }
}

/** The end of the token in the whole text, where it may go on behind the cursor. */
function wholeEnd(text: string, { from, to }: Token): number {
  try {
    return tokenize(text.slice(from), true)[0].to + from;
  } catch {
    return to;
  }
}

const distinct = (items: readonly Proposal[]): readonly Proposal[] => {
  const seen = new Set<string>();
  return items.filter(({ text }) => !seen.has(text) && seen.add(text));
};
