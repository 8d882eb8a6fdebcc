// Turns the fields of header lines that we do not know into one log line for each.
import type { Log } from '../shared/log.ts';

/** Headers are data: after so many fields nothing more is said. */
const MAX_FIELDS = 200;

const MESSAGE = 'header lines have a field that this version does not know: its values are left out of the digests';

export class UnknownFields {
  readonly #log: Log;
  readonly #told = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  met(fields: readonly string[]): void {
    for (const field of fields) {
      if (this.#told.has(field) || this.#told.size >= MAX_FIELDS) continue;
      this.#told.add(field);
      this.#log.warn({ field }, MESSAGE);
    }
  }
}
