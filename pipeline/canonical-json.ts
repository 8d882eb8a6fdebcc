// Turns a value into the one JSON text that stands for it: keys sorted, no white space, integers of any size exact.

type Order = (members: [string, unknown][]) => [string, unknown][];

const byKey: Order = (members) => members.sort(([a], [b]) => (a < b ? -1 : 1));
const asGiven: Order = (members) => members;

const textOf = (value: unknown, order: Order): string => {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} has no JSON form`);
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item, order)).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} has no JSON form`);
  const members = order(Object.entries(value).filter(([, held]) => held !== undefined));
  return `{${members.map(([key, held]) => `${JSON.stringify(key)}:${textOf(held, order)}`).join(',')}}`;
};

/**
 * JSON with the keys of every object sorted by code unit and absent members (undefined) left out, so that equal values
 * have equal bytes. A bigint becomes a plain integer. Throws TypeError for what JSON cannot hold.
 */
export const canonicalJson = (value: unknown): string => textOf(value, byKey);

/** The same with the members in the order in which they were given. */
export const exactJson = (value: unknown): string => textOf(value, asGiven);

/** Parses JSON text; an integer that a number cannot hold exactly comes as a bigint. Throws SyntaxError. */
export const parseExactJson = (text: string): unknown =>
  JSON.parse(text, (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    return /^-?\d+$/.test(context?.source ?? '') ? BigInt(context?.source ?? '') : value;
  });
