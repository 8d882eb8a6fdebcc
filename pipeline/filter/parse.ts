// Turns the tokens of a filter into its tree: comparisons joined by and, or and not, with the usual precedence.
//
//   filter      = [ or ]
//   or          = and { "or" and }
//   and         = not { "and" not }
//   not         = "not" not | "(" or ")" | comparison
//   comparison  = column ( operator value | "in" ( value | "(" value { "," value } ")" ) )
//   value       = word | text          "null" stands for the absence of a value
import { filterError, type Operator, type Token, tokenize } from './tokens.ts';

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
}

export type Filter =
  | Comparison
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter };

/** How deep parentheses and `not` may be nested. */
export const MAX_DEPTH = 64;

const KEYWORDS = new Set(['and', 'or', 'not', 'in']);

/** The tree of a filter, null for an empty one. Keywords in any case. Throws VF_BAD_FILTER. */
export function parseFilter(text: string): Filter | null {
  const parser = new Parser(tokenize(text));
  return parser.filter();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  filter(): Filter | null {
    if (this.#next().kind === 'end') return null;
    const filter = this.#joined('or');
    if (this.#next().kind !== 'end') throw this.#unexpected('and, or, or the end');
    return filter;
  }

  #next(): Token {
    return this.#tokens[this.#at];
  }

  #keyword(word: string): boolean {
    const { kind, value } = this.#next();
    if (kind !== 'word' || value.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  #joined(kind: 'or' | 'and'): Filter {
    const part = () => (kind === 'or' ? this.#joined('and') : this.#not());
    const parts = [part()];
    while (this.#keyword(kind)) parts.push(part());
    return parts.length === 1 ? parts[0] : { kind, parts };
  }

  #not(): Filter {
    const { kind, column } = this.#next();
    if (this.#keyword('not')) return { kind: 'not', part: this.#deeper(column, () => this.#not()) };
    if (kind !== 'open') return this.#comparison();
    this.#at += 1;
    const inner = this.#deeper(column, () => this.#joined('or'));
    this.#expect('close', 'a closing parenthesis');
    return inner;
  }

  #deeper(column: number, inner: () => Filter): Filter {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw filterError(column, `nested more than ${MAX_DEPTH} deep`);
    const filter = inner();
    this.#depth -= 1;
    return filter;
  }

  #comparison(): Filter {
    const name = this.#next();
    if (name.kind !== 'word' || KEYWORDS.has(name.value.toLowerCase())) throw this.#unexpected('the name of a column');
    this.#at += 1;
    const head = { kind: 'comparison', name: name.value, column: name.column } as const;
    if (this.#keyword('in')) return { ...head, operator: 'in', values: this.#list() };
    const operator = this.#next();
    if (operator.kind !== 'operator') throw this.#unexpected('one of = != < <= > >= ~ in');
    this.#at += 1;
    return { ...head, operator: operator.value, values: [this.#value()] };
  }

  #list(): Value[] {
    if (this.#next().kind !== 'open') return [this.#value()];
    this.#at += 1;
    const values = [this.#value()];
    while (this.#next().kind === 'comma') {
      this.#at += 1;
      values.push(this.#value());
    }
    this.#expect('close', 'a comma or a closing parenthesis');
    return values;
  }

  #value(): Value {
    const { kind, value, column } = this.#next();
    const isValue = kind === 'text' || (kind === 'word' && !KEYWORDS.has(value.toLowerCase()));
    if (!isValue) throw this.#unexpected('a value');
    this.#at += 1;
    return { text: value, quoted: kind === 'text', column };
  }

  #expect(kind: Token['kind'], what: string): void {
    if (this.#next().kind !== kind) throw this.#unexpected(what);
    this.#at += 1;
  }

  #unexpected(expected: string): Error {
    const { kind, value, column } = this.#next();
    return filterError(column, `expected ${expected}, found ${kind === 'end' ? value : JSON.stringify(value)}`);
  }
}
