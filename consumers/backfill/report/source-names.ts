// Keeps the names of sources for a command line: a few as its words, of more most in a file that it names.
import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A line of a file cannot hold one: such a source is named in the command, as far as there is room. */
const LINE_END = /[\r\n]/;

/** Holds a bounded number of names, whatever their number. */
export class SourceNames {
  readonly #named: string[] = [];
  readonly #most: number;
  #file: string | null = null;
  count = 0;

  /** @param most names that are words of the command */
  constructor(most: number) {
    this.#most = most;
  }

  get named(): readonly string[] {
    return this.#named;
  }

  /** Of further names, one a line; null: there are none. */
  get file(): string | null {
    return this.#file;
  }

  add(source: string): void {
    this.count++;
    if (this.#file === null && this.#named.length < this.#most) this.#named.push(source);
    else if (!LINE_END.test(source)) this.#spill(source);
    else if (this.#named.length < this.#most) this.#named.push(source);
  }

  #spill(source: string): void {
    const first = this.#file === null ? this.#named.filter((name) => !LINE_END.test(name)) : [];
    this.#file ??= join(mkdtempSync(join(tmpdir(), 'vpcflow-retry-')), 'sources');
    this.#named.splice(0, this.#named.length, ...this.#named.filter((name) => LINE_END.test(name)));
    appendFileSync(this.#file, [...first, source].map((name) => `${name}\n`).join(''), { mode: 0o600 });
  }
}
