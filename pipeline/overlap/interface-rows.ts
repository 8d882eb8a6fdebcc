// Reads from digest rows whose minute they are: the account and the interface that logged the flow.
import { KEY_INDEX } from '../../schemas/columns.ts';
import { type Digest, SEGMENT_ROWS } from '../digest/digest.ts';
import { ROW_FLOWS, ROW_KEYS, ROW_MINUTE, type RowLayout } from '../digest/row-layout.ts';
import { NULL } from '../flow.ts';

/**
 * What logged a flow, in this order: an interface; of a transit gateway the attachment; of a regional NAT gateway, which
 * has no interface, the resource. Their ids never look alike (eni-, tgw-attach-, nat-).
 */
export const LOGGERS = ['interface_id', 'tgw_attachment_id', 'resource_id'] as const;

const ACCOUNT = KEY_INDEX.get('account_id')!;
const LOGGER_KEYS = LOGGERS.map((name) => KEY_INDEX.get(name)!);

/** A cursor over the rows of a digest that were not removed. Coverage has the same columns under the same words. */
export class InterfaceRows {
  readonly #digest: Digest;
  #row = -1;
  #words: Int32Array = new Int32Array(0);
  #layout: RowLayout | null = null;
  #account = -1; // place in a row, -1: there is none
  #loggers: readonly number[] = [];
  #at = 0;
  /** Unix seconds / 60. */
  minute = 0;
  /** Pool ids, or NULL. */
  account = NULL;
  interface = NULL;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  /** Number of the row at hand. */
  get row(): number {
    return this.#row;
  }

  /** To the next row; false after the last one. */
  next(): boolean {
    const { rows } = this.#digest;
    while (++this.#row < rows) {
      this.#seek(this.#row);
      if (this.#words[this.#at + ROW_FLOWS] !== 0) return true;
    }
    return false;
  }

  #seek(row: number): void {
    const inSegment = row % SEGMENT_ROWS;
    if (inSegment === 0 || this.#layout === null) this.#enter(Math.floor(row / SEGMENT_ROWS));
    const at = inSegment * this.#layout!.stride;
    const words = this.#words;
    this.#at = at;
    this.minute = words[at + ROW_MINUTE];
    this.account = this.#account < 0 ? NULL : words[at + this.#account];
    this.interface = NULL;
    for (let i = 0; i < this.#loggers.length && this.interface === NULL; i++) {
      this.interface = words[at + this.#loggers[i]];
    }
  }

  #enter(segment: number): void {
    const { words, layout } = this.#digest.segment(segment);
    this.#words = words;
    if (layout === this.#layout) return;
    this.#layout = layout;
    const place = (column: number): number => {
      const found = layout.keys.indexOf(column);
      return found < 0 ? -1 : ROW_KEYS + found;
    };
    this.#account = place(ACCOUNT);
    this.#loggers = LOGGER_KEYS.map(place).filter((word) => word >= 0);
  }
}
