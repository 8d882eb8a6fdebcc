// Turns a seed and a beginning into the simulated network's flow logs, second by second: the same arguments, the same bytes.
import { Capture, type Publication } from './capture.ts';
import type { Conversation } from './conversation.ts';
import { Random } from './random.ts';
import type { LineFormat } from './record.ts';
import { incident, isOn, storyTime } from './story.ts';
import { background, scheduled } from './traffic.ts';

export const DEFAULT_RATE = 300;

export interface SimulationSettings {
  readonly seed: number; // 0 to 2^32 - 1
  /** Unix seconds: the first second that is simulated. */
  readonly start: number;
  /** Unix seconds: when the story begins for the first time. A continued simulation keeps that of the first one. */
  readonly anchor: number;
  /** Lines a second, on average. */
  readonly rate: number;
  readonly format: LineFormat;
}

/** Lines that are held back until their interval ends: the aggregation interval is shortened to keep them few. */
const MAX_HELD_LINES = 60_000;

const intervalOf = (rate: number): number => Math.max(1, Math.min(60, Math.floor(MAX_HELD_LINES / rate)));

/** A triangle wave from 0.85 to 1.15 over seven minutes: load is never quite even. */
const load = (second: number): number => {
  const phase = second % 420;
  return 0.85 + (0.3 * Math.min(phase, 420 - phase)) / 210;
};

export class Simulation {
  readonly #settings: SimulationSettings;
  readonly #capture: Capture;
  #second: number;

  constructor(settings: SimulationSettings) {
    this.#settings = settings;
    this.#capture = new Capture(settings.format, intervalOf(settings.rate), settings.seed, settings.start);
    this.#second = settings.start;
  }

  /** The second that `next` simulates, Unix seconds. */
  get second(): number {
    return this.#second;
  }

  /** Simulates one second more; what the interfaces publish as it begins. */
  next(): readonly Publication[] {
    const second = this.#second++;
    const published = this.#capture.publish(second);
    const { seed, anchor, rate } = this.#settings;
    const random = new Random(seed, second);
    const story = storyTime(second, anchor);
    const scale = rate / DEFAULT_RATE;
    const log = (conversation: Conversation): void => this.#capture.log(second, conversation);
    const before = this.#capture.made;
    incident(random, second, story, scale, log);
    scheduled(random, second, scale, log);
    background(random, rate * load(second), isOn('portOpen', story), () => this.#capture.made - before, log);
    return published;
  }

  /** Switches logging off: what was held back. Nothing may be asked after it. */
  flush(): readonly Publication[] {
    return this.#capture.flush(this.#second);
  }
}
