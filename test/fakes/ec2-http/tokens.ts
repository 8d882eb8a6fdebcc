// Remembers what was answered to a ClientToken, so that the same call again has the same answer and no other effect.
import type { Members } from './context.ts';
import { Ec2Error } from './ec2-error.ts';
import type { Query } from './query.ts';

const LONGEST = 64;

export class Tokens {
  readonly #answers = new Map<string, { readonly parameters: string; readonly answer: Members }>();

  /** The answer of the first call with this token; null for none, or no token. Other parameters are an error, as with EC2. */
  answer(query: Query): Members | null {
    const token = query.text('ClientToken');
    if (token === undefined) return null;
    if (token.length > LONGEST) throw new Ec2Error('InvalidParameterValue', 'The client token is too long');
    const known = this.#answers.get(`${query.action} ${token}`);
    if (known === undefined) return null;
    if (known.parameters !== Tokens.#fingerprint(query))
      throw new Ec2Error('IdempotentParameterMismatch', 'The client token was used with other parameters');
    return known.answer;
  }

  remember(query: Query, answer: Members): void {
    const token = query.text('ClientToken');
    const parameters = Tokens.#fingerprint(query);
    if (token !== undefined) this.#answers.set(`${query.action} ${token}`, { parameters, answer });
  }

  static #fingerprint({ parameters }: Query): string {
    return JSON.stringify(Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}
