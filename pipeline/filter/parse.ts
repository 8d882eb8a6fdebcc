// Turns the tokens of a filter into its tree: comparisons joined by and, or and not, with the usual precedence.
//
//   filter      = [ or ]
//   or          = and { "or" and }
//   and         = not { "and" not }
//   not         = "not" not | "(" or ")" | comparison
//   comparison  = column ( operator value | "in" ( value | "(" value { "," value } ")" ) )
//   value       = word | text          "null" stands for the absence of a value
import { type FilterError, filterError, type Operator, shown, type Token, tokenize } from './tokens.ts';

/** A value as it was written; what it means depends on the column that it is compared with. */
export interface Value {
  readonly text: string;
  readonly quoted: boolean;
  readonly column: number; // where it stands
}

export interface Comparison {
  readonly kind: 'comparison';
  readonly name: string;
  readonly operator: Operator | 'in';
  /** One, except that `in` may have more. */
  readonly values: readonly Value[];
  readonly column: number; // where the name stands
  readonly operatorColumn: number;
}

export type Filter =
  | Comparison
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter };

/** How deep parentheses and `not` may be nested. */
const MAX_DEPTH = 64;

/** How many comparisons a filter may have: engines plan a condition in more than linear time. */
const MAX_COMPARISONS = 2000;

/** What can stand at a place; `value` and `operator` with the comparison that they belong to. */
export type Expected =
  | { readonly what: 'and' | 'or' | 'not' | 'column' | 'open' | 'close' | 'comma' }
  | { readonly what: 'operator'; readonly name: string }
  | { readonly what: 'value'; readonly name: string; readonly operator: Operator | 'in' };

const KEYWORDS = new Set(['and', 'or', 'not', 'in']);

/** Whether a bare word is one of the grammar's own, in any case. */
const isKeyword = (word: string): boolean => KEYWORDS.has(word.toLowerCase());

/** The tree of a filter, null for an empty one. Keywords in any case. Throws VF_BAD_FILTER. */
export const parseFilter = (text: string): Filter | null => new Parser(tokenize(text)).filter();

/** What can stand where the tokens end; null where they are wrong before. */
export function expectedAtEnd(tokens: readonly Token[]): readonly Expected[] | null {
  const parser = new Parser(tokens);
  try {
    parser.filter();
  } catch (error) {
    if (!parser.isAtEnd) return null;
    // At the end nothing else is wrong than that there is no more.
    if (!(error instanceof Error)) throw error;
  }
  return parser.expected;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #comparisons = 0;
  /** Everything that was asked for at this token. */
  #expected: Expected[] = [];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#next().kind === 'end';
  }

  get expected(): readonly Expected[] {
    return this.#expected;
  }

  filter(): Filter | null {
    if (this.isAtEnd) {
      this.#expected = [{ what: 'column' }, { what: 'not' }, { what: 'open' }];
      return null;
    }
    const filter = this.#joined('or');
    if (!this.isAtEnd) throw this.#unexpected('and, or, or the end');
    return filter;
  }

  #next(): Token {
    return this.#tokens[this.#at];
  }

  #advance(): void {
    this.#at += 1;
    this.#expected = [];
  }

  #keyword(word: 'and' | 'or' | 'not' | 'in'): boolean {
    const { kind, value } = this.#next();
    if (kind !== 'word' || value.toLowerCase() !== word) return false;
    this.#advance();
    return true;
  }

  #joined(kind: 'or' | 'and'): Filter {
    const part = () => (kind === 'or' ? this.#joined('and') : this.#not());
    const parts = [part()];
    const more = () => {
      this.#expected.push({ what: kind });
      return this.#keyword(kind);
    };
    while (more()) parts.push(part());
    return parts.length === 1 ? parts[0] : { kind, parts };
  }

  #not(): Filter {
    this.#expected.push({ what: 'column' }, { what: 'not' }, { what: 'open' });
    const { kind, column } = this.#next();
    if (this.#keyword('not')) return { kind: 'not', part: this.#deeper(column, () => this.#not()) };
    if (kind !== 'open') return this.#comparison();
    this.#advance();
    const inner = this.#deeper(column, () => this.#joined('or'));
    this.#expect('close', 'a closing parenthesis');
    return inner;
  }

  #deeper(column: number, inner: () => Filter): Filter {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw filterError(column, `nested more than ${MAX_DEPTH} deep`, 'nest less');
    const filter = inner();
    this.#depth -= 1;
    return filter;
  }

  #comparison(): Filter {
    const { kind, value: name, column } = this.#next();
    if (kind !== 'word' || isKeyword(name)) throw this.#unexpected('the name of a column');
    this.#advance();
    this.#comparisons += 1;
    if (this.#comparisons > MAX_COMPARISONS) {
      throw filterError(column, `more than ${MAX_COMPARISONS} comparisons`, 'ask for many values with in (a, b, …)');
    }
    this.#expected.push({ what: 'operator', name });
    const operator = this.#next();
    const head = { kind: 'comparison', name, column, operatorColumn: operator.column } as const;
    if (this.#keyword('in')) return { ...head, operator: 'in', values: this.#list(name) };
    if (operator.kind !== 'operator') throw this.#unexpected('one of = != < <= > >= ~ in');
    this.#advance();
    return { ...head, operator: operator.value, values: [this.#value(name, operator.value)] };
  }

  #list(name: string): Value[] {
    this.#expected.push({ what: 'open' });
    if (this.#next().kind !== 'open') return [this.#value(name, 'in')];
    this.#advance();
    const values = [this.#value(name, 'in')];
    const more = () => {
      this.#expected.push({ what: 'comma' });
      return this.#next().kind === 'comma';
    };
    while (more()) {
      this.#advance();
      values.push(this.#value(name, 'in'));
    }
    this.#expect('close', 'a comma or a closing parenthesis');
    return values;
  }

  #value(name: string, operator: Comparison['operator']): Value {
    this.#expected.push({ what: 'value', name, operator });
    const { kind, value, column } = this.#next();
    const isValue = kind === 'text' || (kind === 'word' && !isKeyword(value));
    if (!isValue) throw this.#unexpected('a value');
    this.#advance();
    return { text: value, quoted: kind === 'text', column };
  }

  #expect(kind: 'close', what: string): void {
    this.#expected.push({ what: kind });
    if (this.#next().kind !== kind) throw this.#unexpected(what);
    this.#advance();
  }

  #unexpected(expected: string): FilterError {
    const { kind, value, column } = this.#next();
    return filterError(column, `expected ${expected}, found ${kind === 'end' ? value : shown(value)}`);
  }
}
