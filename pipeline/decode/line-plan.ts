// Turns a format into the steps that read its lines: for each token what it is and where its value goes.
import { KEY_FIELDS, KEY_INDEX, SUM_FIELDS } from '../../schemas/columns.ts';
import type { Field } from '../../schemas/fields.ts';
import type { Format } from '../formats/format.ts';
import { MAX_NUMBER } from './number.ts';

/** What is done with a token. The numeric steps come last, from STEP_KEY on. */
export const STEP_SKIP = 0;
export const STEP_STRING = 1;
export const STEP_TAG = 2;
export const STEP_ADDRESS = 3;
export const STEP_ACTION = 4;
export const STEP_STATUS = 5;
export const STEP_KEY = 6; // a number that is a key word
export const STEP_SUM = 7;
export const STEP_START = 8;
export const STEP_END = 9;
export const STEP_FLAGS = 10;
export const STEP_CHECK = 11; // a number that is read and not stored

/** Typed arrays with an element for each token of the format, in order. */
export interface LinePlan {
  readonly steps: Uint8Array;
  /** The key word (KEY_FIELDS) or the sum (SUM_FIELDS) that the value goes to; 0 for the other steps. */
  readonly targets: Uint8Array;
  /** The largest value of a number. */
  readonly limits: Float64Array;
  /** The tokens whose value is interned, ascending. */
  readonly texts: Uint32Array;
  /** The key words that the format has, ascending: what `Flow.columns` becomes. */
  readonly columns: Int32Array;
  readonly hasStart: boolean;
}

/** Numbers whose range is narrower than their type. */
const NARROW: ReadonlyMap<string, number> = new Map([
  ['srcport', 65_535],
  ['dstport', 65_535],
  ['protocol', 255],
]);

const NUMERIC_STEPS = {
  key: STEP_KEY,
  sum: STEP_SUM,
  min: STEP_START,
  max: STEP_END,
  or: STEP_FLAGS,
  none: STEP_CHECK,
} as const;

const stepOf = (field: Field | null): number => {
  if (field === null) return STEP_SKIP;
  if (field.id === 'action') return STEP_ACTION;
  if (field.id === 'log-status') return STEP_STATUS;
  switch (field.kind) {
    case 'string':
      return STEP_STRING;
    case 'tag':
      return STEP_TAG;
    case 'address':
      return STEP_ADDRESS;
    case 'int32':
    case 'int64':
      return NUMERIC_STEPS[field.role];
  }
};

const targetOf = (field: Field | null): number => {
  if (field?.role === 'key') return KEY_INDEX.get(field.column) ?? 0;
  return field?.role === 'sum' ? SUM_FIELDS.indexOf(field) : 0;
};

const limitOf = (field: Field | null): number => {
  if (field?.kind === 'int32') return NARROW.get(field.id) ?? 0x7fff_ffff;
  return MAX_NUMBER;
};

/** The plan of a format. */
export function planLine(format: Format): LinePlan {
  const { fields } = format;
  const steps = Uint8Array.from(fields, stepOf);
  const tokens = [...fields.keys()];
  return {
    steps,
    targets: Uint8Array.from(fields, targetOf),
    limits: Float64Array.from(fields, limitOf),
    texts: Uint32Array.from(tokens.filter((at) => steps[at] >= STEP_STRING && steps[at] <= STEP_ACTION)),
    columns: Int32Array.from(KEY_FIELDS.flatMap((field, word) => (fields.includes(field) ? [word] : []))),
    hasStart: steps.includes(STEP_START),
  };
}
