// Keeps what could not be read: the first problems in full, the sources of all of them for the commands that retry them.
import { formatCount, formatMany } from '../../../pipeline/quantities.ts';
import type { VpcflowError } from '../../../schemas/errors.ts';
import type { Options } from '../../shared/options.ts';
import { retryCommand } from './retry-command.ts';
import { SourceNames } from './source-names.ts';

/** So many problems are told, and their sources named in a command; of more, the sources go to a file. */
const TOLD = 20;

/** Holds a bounded number of problems, whatever goes wrong. */
export class Failures {
  readonly #problems: VpcflowError[] = [];
  readonly #told: number;
  readonly #overlap: Options['overlap'];
  /** What the same command may read the next time, and what it may with `--overlap skip`. */
  readonly #again: SourceNames;
  readonly #overlapping: SourceNames;
  #reused = 0;
  count = 0;

  /** @param overlap of the run: what is refused with `skip`, because another is at work, may be read later. */
  constructor(overlap: Options['overlap'], told: number = TOLD) {
    this.#told = told;
    this.#overlap = overlap;
    this.#again = new SourceNames(told);
    this.#overlapping = new SourceNames(told);
  }

  /** @param source what to give to a backfill to read just this again; null: nothing is named by it. */
  add(problem: VpcflowError, source: string | null): void {
    this.count++;
    if (this.#problems.length < this.#told) this.#problems.push(problem);
    if (problem.code === 'VF_NAME_REUSED') this.#reused++;
    else if (source !== null && problem.code === 'VF_OVERLAP' && this.#overlap === 'refuse')
      this.#overlapping.add(source);
    else if (source !== null && problem.code !== 'VF_USAGE') this.#again.add(source);
  }

  /** One sentence for each of the first, how many more there were, and how to read those again of which that may help. */
  lines(options: Options): readonly string[] {
    const rest = this.count - this.#problems.length;
    const command = (overlap: Options['overlap'], { named, file }: SourceNames): string =>
      retryCommand({ ...options, overlap }, named, file);
    return [
      ...this.#problems.map(({ sentence }) => sentence),
      ...(rest === 0 ? [] : [`and ${formatCount(rest)} more`]),
      ...(this.#again.count === 0 ? [] : [`to read just these again: ${command(options.overlap, this.#again)}`]),
      ...(this.#overlapping.count === 0
        ? []
        : [
            'to read those that overlap without what another feed has, which then is left out for good: ' +
              command('skip', this.#overlapping),
          ]),
      ...(this.#reused === 0
        ? []
        : [
            `left as they were: ${formatMany(this.#reused, 'name')} that came with other content than before; ` +
              'give --as-new to those of which it is other data',
          ]),
    ];
  }
}
