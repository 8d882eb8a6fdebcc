// Turns the lines of a source into how those of each log group fared under its format: what tells that a format drifted.
import type { LineReason } from '../../schemas/rejects.ts';
import type { Format } from './format.ts';

/** Lines of one log group and how they fared under its format. */
export interface LogGroupLines {
  readonly logGroup: string | null; // null: lines that came without one
  readonly lines: number;
  /** Those of them that do not match the format, by reason. */
  readonly rejects: number;
  readonly byReason: Readonly<Partial<Record<LineReason, number>>>;
  /** The LogFormat by which the first of them was read; null where all lines match. */
  readonly format: string | null;
  /** The first of them as they came (UTF-8, cut to 200 characters), at most three. */
  readonly samples: readonly string[];
}

/** What a line is rejected for when it has another format than the one it is read by. */
const FORMAT_REASONS: readonly LineReason[] = [
  'token_count',
  'bad_number',
  'bad_address',
  'bad_status',
  'bad_time',
  'no_format',
];

const OF_FORMAT: ReadonlySet<LineReason> = new Set(FORMAT_REASONS);
export const MAX_SAMPLES = 3;
const SAMPLE_CHARACTERS = 200;
const SAMPLE_BYTES = 4 * SAMPLE_CHARACTERS; // enough for as many characters
/** Log groups are data: those of a source beyond this are not told apart, and left out. */
const MAX_GROUPS = 1000;

interface Fared {
  lines: number;
  rejects: number;
  readonly byReason: Partial<Record<LineReason, number>>;
  format: string | null;
  readonly samples: string[];
}

/** A good line costs nothing here: the lines of a group are told by how many there were when it came and when it went. */
export class GroupTally {
  readonly #groups = new Map<string | null, Fared>();
  #group: string | null = null;
  #since = 0; // lines of the source before the group came

  /** From here on, after `lines` lines of the source, they are those of this group. */
  use(logGroup: string | null, lines: number): void {
    if (logGroup === this.#group) return;
    this.#leave(lines);
    this.#group = logGroup;
  }

  reject(reason: LineReason, format: Format, raw: Uint8Array): void {
    if (!OF_FORMAT.has(reason)) return;
    const fared = this.#fared();
    if (fared === null) return;
    fared.rejects++;
    fared.byReason[reason] = (fared.byReason[reason] ?? 0) + 1;
    fared.format ??= format.text;
    if (fared.samples.length >= MAX_SAMPLES) return;
    const text = Buffer.from(raw.subarray(0, SAMPLE_BYTES)).toString('utf8');
    fared.samples.push([...text].slice(0, SAMPLE_CHARACTERS).join(''));
  }

  /** In the order in which the groups came, after `lines` lines of the source. */
  lines(lines: number): readonly LogGroupLines[] {
    this.#leave(lines);
    return [...this.#groups].map(([logGroup, fared]) => ({
      logGroup,
      ...fared,
      byReason: { ...fared.byReason },
      samples: [...fared.samples],
    }));
  }

  #leave(lines: number): void {
    if (lines > this.#since) {
      const fared = this.#fared();
      if (fared !== null) fared.lines += lines - this.#since;
    }
    this.#since = lines;
  }

  #fared(): Fared | null {
    const known = this.#groups.get(this.#group);
    if (known !== undefined) return known;
    if (this.#groups.size >= MAX_GROUPS) return null;
    const fared: Fared = { lines: 0, rejects: 0, byReason: {}, format: null, samples: [] };
    this.#groups.set(this.#group, fared);
    return fared;
  }
}
