// Turns the rows of `diffSql` and `diffTextSql` into totals and differences, one at a time.
import {
  type ClassTotals,
  DIFF_CLASSES,
  type DiffClass,
  type Difference,
  type DiffTotals,
  type SideEdge,
  type WindowTotals,
} from '../../schemas/diff.ts';
import type { QueryValue } from '../../schemas/query.ts';
import { integerOf, numbersOf, textOf } from '../graph/graph.ts';

/** A difference, and whether the ids of its ends name groups; null: the end is what `--top` folded. */
export interface ReadDifference extends Difference {
  readonly sourceGrouped: boolean | null;
  readonly targetGrouped: boolean | null;
}

/** A difference as a line of JSON. */
export interface WrittenDifference {
  readonly change: DiffClass;
  readonly text: string;
}

type Row = readonly QueryValue[];

/** Lengths of the windows that are compared, minutes. */
export interface Lengths {
  readonly window: number;
  readonly against: number;
}

const SIDE = 10; // columns of an edge

/** The totals of the first row. */
export function readTotals(row: Row): DiffTotals {
  const list = row.at(-1);
  if (!Array.isArray(list)) throw new TypeError(`a diff gave ${String(list)} where its totals belong`);
  const values = list.map(integerOf);
  const measures = (at: number) => ({ flows: values[at], packets: values[at + 1], bytes: values[at + 2] });
  const window = (at: number): WindowTotals => ({
    ...{ nodes: Number(values[at]), edges: Number(values[at + 1]) },
    ...measures(at + 2),
  });
  const ofClass = (at: number, rows = 1): ClassTotals => ({
    edges: Number(values[at]) / rows,
    before: measures(at + 1),
    after: measures(at + 4),
  });
  return {
    others: Number(values[0] - values[1]),
    against: window(2),
    window: window(7),
    // Of a flipped pair the SQL counts both edges.
    classes: {
      ...{ added: ofClass(12), removed: ofClass(19), changed: ofClass(26), flipped: ofClass(33, 2) },
      unchanged: ofClass(40),
    },
  };
}

/** The difference of any other row of `diffSql`. */
export function readDifference(row: Row, lengths: Lengths): ReadDifference {
  const [number, source, target, sourceGrouped, targetGrouped] = row;
  const before = sideOf(row.slice(5, 5 + SIDE));
  const after = sideOf(row.slice(5 + SIDE, 5 + 2 * SIDE));
  return {
    change: classOf(number),
    source: textOf(source) ?? '',
    target: textOf(target) ?? '',
    ...{ before, after, ratio: before && after && ratioOf(before.bytes, after.bytes, lengths) },
    sourceGrouped: sourceGrouped === null ? null : sourceGrouped === true,
    targetGrouped: targetGrouped === null ? null : targetGrouped === true,
  };
}

/** The difference of any other row of `diffTextSql`. */
export function readWritten([number, text, rest, before, after]: Row, lengths: Lengths): WrittenDifference {
  const change = classOf(number);
  if (rest === null) return { change, text: textOf(text) ?? '' };
  return { change, text: `${text}${ratioOf(integerOf(before), integerOf(after), lengths)}${rest}` };
}

/** Bytes a minute, after over before. */
function ratioOf(before: bigint, after: bigint, { window, against }: Lengths): number | null {
  if (before === 0n) return null;
  if (window === against) return Number(after) / Number(before);
  return Number(after) / window / (Number(before) / against);
}

/** Class 0 is the row of totals. */
function classOf(number: QueryValue): DiffClass {
  const found = DIFF_CLASSES[Number(integerOf(number)) - 1];
  if (found === undefined) throw new TypeError(`a diff gave class ${String(number)}`);
  return found;
}

/** An edge without witnesses is none. */
function sideOf([action, protocols, ports, ...measures]: Row): SideEdge | null {
  const [flows, packets, bytes, observed, witnesses, start, stop] = measures;
  if (witnesses === null) return null;
  return {
    ...{ action: textOf(action), protocols: numbersOf(protocols), ports: numbersOf(ports) },
    ...{ flows: integerOf(flows), packets: integerOf(packets), bytes: integerOf(bytes) },
    ...{ bytes_observed: integerOf(observed), witnesses: Number(integerOf(witnesses)) },
    start: start === null ? null : Number(integerOf(start)),
    stop: stop === null ? null : Number(integerOf(stop)),
  };
}
