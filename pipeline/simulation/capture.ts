// Turns conversations into the lines that each interface publishes, cut into the interface's own aggregation intervals.
import { type Conversation, TCP } from './conversation.ts';
import { mix } from './random.ts';
import type { LineFormat, Measures } from './record.ts';
import { type Hop, route } from './route.ts';
import { INTERFACES, type Interface } from './world.ts';

/** The lines that one interface publishes for one aggregation interval, ascending by start. */
export interface Publication {
  readonly at: Interface;
  readonly begin: number; // Unix seconds
  readonly end: number; // Unix seconds, exclusive
  readonly lines: readonly string[];
  readonly starts: readonly number[]; // Unix seconds, of each line
}

interface Held {
  readonly lines: string[];
  readonly starts: number[];
}

const nothing = (): Held => ({ lines: [], starts: [] });

const SYN = 2;
const FIN = 1;
const SYN_ACK = 18;
/** One interval in so many loses records, as an overloaded host does. */
const SKIP_ONE_IN = 200;

/** The opening shows in the first part of a connection, its FIN in the last; a mere knock has no end. */
const flagsOf = (c: Conversation, { answer }: Hop, first: boolean, last: boolean): string => {
  if (c.protocol !== TCP) return '-';
  if (c.established) return '0';
  const opening = answer ? SYN_ACK : SYN;
  return String((first ? opening : 0) | (last && c.back !== null ? FIN : 0));
};

/**
 * Interfaces log independently: each has its own phase, so the two witnesses of a flow cut it at different seconds.
 * A conversation lies within one minute and every cut is exact, so their sums over a minute are equal.
 */
export class Capture {
  readonly #format: LineFormat;
  readonly #interval: number; // seconds
  readonly #seed: number;
  readonly #began: number; // Unix seconds
  readonly #current: Held[] = INTERFACES.map(nothing);
  readonly #next: Held[] = INTERFACES.map(nothing);
  #made = 0;

  /** `interval`: seconds of aggregation, 1 to 60; `began`: the second in which logging was switched on. */
  constructor(format: LineFormat, interval: number, seed: number, began: number) {
    this.#format = format;
    this.#interval = interval;
    this.#seed = seed;
    this.#began = began;
  }

  /** Lines made so far. */
  get made(): number {
    return this.#made;
  }

  /** Logs a conversation that begins in `second` at every interface that it crosses. */
  log(second: number, c: Conversation): void {
    const minuteEnd = second - (second % 60) + 59;
    const end = Math.min(second + Math.min(c.seconds, this.#interval - 1), minuteEnd);
    for (const hop of route(c)) this.#pass(second, end, c, hop);
  }

  /** What the interfaces publish whose interval ends as `second` begins; to be asked before that second's traffic. */
  publish(second: number): readonly Publication[] {
    if (second <= this.#began) return [];
    return INTERFACES.filter((at) => this.#boundary(at, second) === second).map((at) => this.#take(at, second));
  }

  /** Logging is switched off as `second` begins: whatever is held is published, so that both witnesses have spoken. */
  flush(second: number): readonly Publication[] {
    const running = INTERFACES.map((at) => this.#take(at, second));
    const coming = INTERFACES.map((at): Publication => {
      const { lines, starts } = this.#current[at.index]!;
      return { at, begin: second, end: second + this.#interval, lines, starts };
    });
    return [...running, ...coming.filter((publication) => publication.lines.length > 0)];
  }

  /** The first boundary of an interface's intervals at or after a second. */
  #boundary(at: Interface, second: number): number {
    const since = (second - at.index * 7) % this.#interval;
    return since === 0 ? second : second + this.#interval - since;
  }

  /** One direction at one interface: one line, or two where the interface's interval ends in between. */
  #pass(start: number, end: number, c: Conversation, hop: Hop): void {
    const { volume } = hop;
    const cut = this.#boundary(hop.passage.at, start + 1);
    const packets = cut > end ? volume.packets : Math.floor((volume.packets * (cut - start)) / (end - start + 1));
    if (packets === 0 || packets === volume.packets) {
      const flags = flagsOf(c, hop, true, true);
      this.#add(this.#current, hop, { ...volume, start, end: Math.min(end, cut - 1), flags });
      return;
    }
    const bytes = Math.floor((volume.bytes * packets) / volume.packets);
    const rest = { packets: volume.packets - packets, bytes: volume.bytes - bytes };
    this.#add(this.#current, hop, { packets, bytes, start, end: cut - 1, flags: flagsOf(c, hop, true, false) });
    this.#add(this.#next, hop, { ...rest, start: cut, end, flags: flagsOf(c, hop, false, true) });
  }

  #add(buffers: readonly Held[], { passage }: Hop, measures: Measures): void {
    const { lines, starts } = buffers[passage.at.index]!;
    lines.push(this.#format.line(passage, measures));
    starts.push(measures.start);
    this.#made += 1;
  }

  #take(at: Interface, end: number): Publication {
    const { lines, starts } = this.#current[at.index]!;
    this.#current[at.index] = this.#next[at.index]!;
    this.#next[at.index] = nothing();
    const begin = Math.max(this.#began, this.#boundary(at, end) - this.#interval);
    const skips = mix(this.#seed, at.index, end) % SKIP_ONE_IN === 0;
    if (lines.length === 0 || skips) {
      const status = lines.length === 0 ? 'NODATA' : 'SKIPDATA';
      // First, so that the lines stay in the order of their starts.
      lines.unshift(this.#format.empty(at, begin, end - 1, status));
      starts.unshift(begin);
    }
    return { at, begin, end, lines, starts };
  }
}
