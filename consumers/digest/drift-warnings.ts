// Turns log groups whose lines stop matching their format into a metric, and into log lines that show what came instead.
import { type DriftEvent, DriftWatch } from '../../pipeline/formats/drift.ts';
import type { LogGroupLines } from '../../pipeline/formats/group-tally.ts';
import type { Meter } from '../../schemas/metrics.ts';
import type { Log } from '../shared/log.ts';
import { OTHER } from '../shared/metrics/bounded-series.ts';

/** Label of lines that came without a log group; none is called so. */
export const NO_GROUP = '(none)';
/** Log groups with a series of their own; all others are one. */
const MAX_LABELS = 100;

const MESSAGE =
  'most lines of a log group do not match its format: they wait as rejects. Run `vpcflow formats discover`, start ' +
  'again with --formats, then take them over with `vpcflow rejects replay`';
const STILL = 'lines of a log group still do not match its format, and wait as rejects';
const RECOVERED =
  'the lines of a log group match their format again; what was rejected meanwhile waits for `vpcflow rejects replay`';

/** Printable on one line, whatever it holds: a line break or a colour code in a sample stays a sample. */
const escaped = (text: string): string =>
  JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });

/** The longest name that CloudWatch Logs takes. */
const LONGEST_NAME = 512; // characters

/** A metric has no empty labels, and an envelope may say anything. */
const labelOf = (logGroup: string | null): string => logGroup?.slice(0, LONGEST_NAME) || NO_GROUP;

export class DriftWarnings {
  readonly #meter: Meter;
  readonly #log: Log;
  readonly #watch = new DriftWatch();
  readonly #labels = new Set<string>();

  constructor(meter: Meter, log: Log) {
    this.#meter = meter;
    this.#log = log;
  }

  /** An epoch was committed at `at`, Unix ms. */
  committed(groups: readonly LogGroupLines[], at: number): void {
    for (const { logGroup } of groups) this.#meet(logGroup);
    const { events, drifting } = this.#watch.epoch(groups, at);
    for (const { logGroup, rejects } of drifting) this.#count(logGroup, rejects);
    for (const event of events) this.#tell(event);
  }

  /** A counter that appears with its first event has no increase that an alert could see. */
  #meet(logGroup: string | null): void {
    const label = labelOf(logGroup);
    if (this.#labels.has(label)) return;
    if (this.#labels.size < MAX_LABELS) this.#labels.add(label);
    this.#count(logGroup, 0);
  }

  #count(logGroup: string | null, rejects: number): void {
    const label = labelOf(logGroup);
    this.#meter.count('drift', rejects, { log_group: this.#labels.has(label) ? label : OTHER });
  }

  #tell({ kind, logGroup, lines, rejects, byReason, format, samples, since }: DriftEvent): void {
    const told = { log_group: logGroup, lines, rejects, by_reason: byReason, since: new Date(since).toISOString() };
    const shown = { ...told, format, samples: samples.map(escaped) };
    if (kind === 'begin') this.#log.error(shown, MESSAGE);
    else if (kind === 'still') this.#log.warn(shown, STILL);
    else this.#log.info(told, RECOVERED);
  }
}
