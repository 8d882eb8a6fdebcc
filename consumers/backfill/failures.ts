// Keeps what could not be read: the first problems in full, the sources of all of them for the command that retries them.
import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VpcflowError } from '../../schemas/errors.ts';
import type { Options } from '../shared/options.ts';
import { retryCommand } from './retry-command.ts';

/** So many problems are told, and their sources named in the command; of more, the sources go to a file. */
export const TOLD = 20;

/** A line of a file cannot hold one: such a source is named in the command, as far as there is room. */
const LINE_END = /[\r\n]/;

/** Holds a bounded number of problems, whatever goes wrong. */
export class Failures {
  readonly #problems: VpcflowError[] = [];
  readonly #named: string[] = [];
  readonly #told: number;
  #sources = 0;
  #file: string | null = null;
  count = 0;

  constructor(told: number = TOLD) {
    this.#told = told;
  }

  /** @param source what to give to a backfill to read just this again; null: nothing is named by it. */
  add(problem: VpcflowError, source: string | null): void {
    this.count++;
    if (this.#problems.length < this.#told) this.#problems.push(problem);
    if (source === null) return;
    this.#sources++;
    if (this.#file === null && this.#named.length < this.#told) this.#named.push(source);
    else if (!LINE_END.test(source)) this.#spill(source);
    else if (this.#named.length < this.#told) this.#named.push(source);
  }

  /** One sentence for each of the first, how many more there were, and how to read them again. */
  lines(options: Options): readonly string[] {
    const rest = this.count - this.#problems.length;
    const command = retryCommand(options, this.#named, this.#file);
    return [
      ...this.#problems.map(({ sentence }) => sentence),
      ...(rest === 0 ? [] : [`and ${rest.toLocaleString('en-US')} more`]),
      ...(this.#sources === 0 ? [] : [`to read just these again: ${command}`]),
    ];
  }

  #spill(source: string): void {
    const first = this.#file === null ? this.#named.filter((name) => !LINE_END.test(name)) : [];
    this.#file ??= join(mkdtempSync(join(tmpdir(), 'vpcflow-retry-')), 'sources');
    this.#named.splice(0, this.#named.length, ...this.#named.filter((name) => LINE_END.test(name)));
    appendFileSync(this.#file, [...first, source].map((name) => `${name}\n`).join(''), { mode: 0o600 });
  }
}
