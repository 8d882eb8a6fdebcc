// Filters as a test makes them up: a model that can be written down as text in many ways, and that decides about a row
// by itself, without the product's grammar, names or networks.
import fc from 'fast-check';
import type { Row } from '../fakes/parquet-rows.ts';
import { addressBits } from './address-bits.ts';

/** A comparison knows how it is written and whether a row meets it. */
export interface Leaf {
  readonly text: string;
  readonly holds: (row: Row) => boolean;
}

export type Model =
  | { readonly kind: 'leaf'; readonly leaf: Leaf }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Model[] }
  | { readonly kind: 'not'; readonly part: Model };

export function holds(model: Model, row: Row): boolean {
  if (model.kind === 'leaf') return model.leaf.holds(row);
  if (model.kind === 'not') return !holds(model.part, row);
  const met = model.parts.map((part) => holds(part, row));
  return model.kind === 'and' ? !met.includes(false) : met.includes(true);
}

/** With parentheses around every part, and keywords in changing case. */
export function written(model: Model, upper = false): string {
  const word = (text: string) => (upper ? text.toUpperCase() : text);
  if (model.kind === 'leaf') return model.leaf.text;
  if (model.kind === 'not') return `${word('not')}(${written(model.part, !upper)})`;
  return model.parts.map((part) => `(${written(part, !upper)})`).join(` ${word(model.kind)}\n`);
}

type Cell = string | bigint | null;

const cellOf = (row: Row, column: string): Cell => {
  const value = row[column] ?? null;
  return typeof value === 'number' ? BigInt(value) : value;
};

const order = (a: string | bigint, b: string | bigint): number => {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
};

const MEANINGS: Readonly<Record<string, (sign: number) => boolean>> = {
  '=': (sign) => sign === 0,
  '!=': (sign) => sign !== 0,
  '<': (sign) => sign < 0,
  '<=': (sign) => sign <= 0,
  '>': (sign) => sign > 0,
  '>=': (sign) => sign >= 0,
};

const SIDES: Readonly<Record<string, readonly string[]>> = {
  addr: ['srcaddr', 'dstaddr'],
  port: ['srcport', 'dstport'],
};

/** One side is enough, except that `!=` speaks of both. */
const leaf = (name: string, operator: string, value: string, test: (cell: Cell) => boolean): Leaf => ({
  text: `${name} ${operator} ${value}`,
  holds: (row) => {
    const met = (SIDES[name] ?? [name]).map((column) => test(cellOf(row, column)));
    return operator === '!=' ? !met.includes(false) : met.includes(true);
  },
});

/** A value and the ways to write it. */
interface Written {
  readonly value: string | bigint;
  readonly texts: readonly string[];
}

const comparisons = (names: readonly string[], operators: readonly string[], values: fc.Arbitrary<Written>) =>
  fc
    .tuple(fc.constantFrom(...names), fc.constantFrom(...operators), values, fc.nat())
    .map(([name, operator, { value, texts }, style]) =>
      leaf(
        name,
        operator,
        texts[style % texts.length],
        (cell) => cell !== null && MEANINGS[operator](order(cell, value)),
      ),
    );

const lists = (names: readonly string[], values: fc.Arbitrary<Written>) =>
  fc
    .tuple(fc.constantFrom(...names), fc.array(values, { minLength: 1, maxLength: 20 }))
    .map(([name, list]) =>
      leaf(name, 'in', `(${list.map(({ texts }) => texts[0]).join(' , ')})`, (cell) =>
        list.some(({ value }) => cell !== null && order(cell, value) === 0),
      ),
    );

const nulls = (names: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...names), fc.constantFrom('=', '!='), fc.constantFrom('null', 'NULL'))
    .map(([name, operator, text]) => leaf(name, operator, text, (cell) => (cell === null) === (operator === '=')));

const quoted = (text: string): string[] => {
  const escaped = text.replaceAll('\\', '\\\\');
  return [`"${escaped.replaceAll('"', '\\"')}"`, `'${escaped.replaceAll("'", "\\'")}'`];
};

const number = (value: bigint | number, ...texts: string[]): Written => ({
  value: BigInt(value),
  texts: [String(value), `"${value}"`, ...texts],
});

export const PORTS = [0, 22, 53, 443, 5432, 65_535];
export const PROTOCOLS = [1, 6, 17, 47, 58, 132, 255];
export const BYTES = [0n, 1n, 1000n, 1024n, 1500n, 1_500_000n, 4_611_686_018_427_387_904n, 9_223_372_036_854_775_807n];
export const TEXTS = ['eni-0a', 'eni-0b', 'é', "it's", '%', ' ', '\\', 'a"b', '', 'null', '😀', '\n', 'and', '_', '?'];

const port = fc.constantFrom(
  ...PORTS.map((p) => number(p)),
  ...[number(22, 'ssh'), number(443, 'https', 'HTTPS'), number(53, 'dns', 'domain'), number(5432, 'postgresql')],
);
const protocol = fc.constantFrom(
  ...PROTOCOLS.map((p) => number(p)),
  ...[number(6, 'tcp', 'TCP'), number(17, 'udp'), number(58, 'icmpv6'), number(47, 'gre'), number(132, '"sctp"')],
);
const size = fc.constantFrom(
  ...BYTES.map((b) => number(b)),
  ...[
    number(1000, '1KB', '0.001MB'),
    number(1024, '1KiB', '1.0kib'),
    number(1500, '1.5KB'),
    number(1_500_000, '1.5MB'),
  ],
);
const word = fc.constantFrom(...TEXTS).map((value): Written => ({ value, texts: quoted(value) }));

export const ADDRESSES = [
  ...['10.0.0.1', '10.0.1.7', '10.1.0.0', '10.255.255.255', '11.0.0.0', '1.0.0.1', '192.168.17.3', '192.168.32.0'],
  ...['255.255.255.255', '0.0.0.0', '::', '::1', '::ffff:10.0.0.1', '::ffff:10.128.0.1', '::ffff:0.0.0.1'],
  ...['::fffe:a00:1', '::1:ffff:a00:1', '2001:db8::1', '2001:db8:0:1::', '2001:db8:0:1:0:1:0:1', '2001:db80::1'],
  ...['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:7', 'fe80::1', 'febf:ffff::', 'fec0::', '1:2:3:4:5:6:7:0', '10::1'],
];

const address = fc
  .constantFrom(...ADDRESSES)
  .map(
    (value): Written => ({ value, texts: [value, `"${value}"`, value.toUpperCase().replace('::FFFF:', '::ffff:')] }),
  );

const network = fc
  .constantFrom(...ADDRESSES)
  .chain((base) => fc.integer({ min: 0, max: base.includes(':') ? 128 : 32 }).map((length) => ({ base, length })));

const networks = fc
  .tuple(
    fc.constantFrom('srcaddr', 'dstaddr', 'addr'),
    fc.oneof(
      { weight: 4, arbitrary: fc.array(network, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.array(network, { minLength: 9, maxLength: 12 }) },
    ),
  )
  .map(([name, list]) => {
    const text = list.map(({ base, length }) => `${base}/${length}`).join(', ');
    return leaf(name, 'in', `(${text})`, (cell) => {
      if (cell === null) return false;
      const own = addressBits(String(cell));
      return list.some(({ base, length }) => {
        const other = addressBits(base);
        return own.length === other.length && own.slice(0, length) === other.slice(0, length);
      });
    });
  });

const contains = fc
  .tuple(fc.constantFrom('instance_tag', 'interface_id', 'srcaddr'), fc.constantFrom(...TEXTS, '10.', ':db8:', 'ni-0'))
  .map(([name, part]) => leaf(name, '~', quoted(part)[0], (cell) => cell !== null && String(cell).includes(part)));

const ALL = ['=', '!=', '<', '<=', '>', '>='];

const anyLeaf = fc.oneof(
  comparisons(['srcport', 'dstport', 'port'], ALL, port),
  comparisons(['protocol'], ALL, protocol),
  comparisons(['bytes', 'packets'], ALL, size),
  comparisons(['instance_tag', 'interface_id'], ALL, word),
  comparisons(['srcaddr', 'dstaddr', 'addr'], ['=', '!='], address),
  lists(['srcport', 'port'], port),
  lists(['protocol'], protocol),
  lists(['bytes'], size),
  lists(['instance_tag'], word),
  lists(['srcaddr', 'addr'], address),
  nulls(['srcaddr', 'addr', 'dstport', 'port', 'instance_tag', 'bytes', 'protocol']),
  networks,
  contains,
);

export const { model } = fc.letrec<{ model: Model }>((tie) => ({
  model: fc.oneof(
    { maxDepth: 3 },
    anyLeaf.map((one): Model => ({ kind: 'leaf', leaf: one })),
    fc.array(tie('model'), { minLength: 2, maxLength: 3 }).map((parts): Model => ({ kind: 'and', parts })),
    fc.array(tie('model'), { minLength: 2, maxLength: 3 }).map((parts): Model => ({ kind: 'or', parts })),
    tie('model').map((part): Model => ({ kind: 'not', part })),
  ),
}));

const pick = <T>(values: readonly T[], i: number): T | null => values[i % (values.length + 1)] ?? null;

/** Rows in which every value and NULL meets every other now and then; `flows` names them. */
export const MODEL_ROWS: readonly Row[] = Array.from({ length: 300 }, (_, i) => ({
  minute: '2026-11-20T05:00:00Z',
  flows: i,
  srcaddr: pick(ADDRESSES, i),
  dstaddr: pick(ADDRESSES, i * 7 + 3),
  srcport: pick(PORTS, i),
  dstport: pick(PORTS, Math.floor(i / 6)),
  protocol: pick(PROTOCOLS, i),
  interface_id: pick(TEXTS, i * 3),
  instance_tag: pick(TEXTS, i + 1),
  packets: pick(BYTES, i * 5),
  bytes: pick(BYTES, i),
}));
