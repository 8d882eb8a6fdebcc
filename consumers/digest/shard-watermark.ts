// Turns the batches and commits of one shard into its stored watermark: how far it is complete.
import type { State } from '../../pipeline/epoch/state.ts';
import { advanceWatermark, type WatermarkState } from '../../pipeline/epoch/watermark.ts';
import type { Clock } from '../../schemas/clock.ts';
import type { ShardChain } from './chain.ts';
import type { DigestObserver } from './observer.ts';

/** How often an idle shard's watermark is stored. */
const INTERVAL = 10_000; // ms

export class ShardWatermark {
  readonly #chain: ShardChain;
  readonly #clock: Clock;
  readonly #observer: DigestObserver | undefined;
  #state: WatermarkState;
  #stored = Number.NEGATIVE_INFINITY; // ms

  /** `begin`: what is stored, Unix ms; 0 before anything is known. */
  constructor(chain: ShardChain, begin: number, clock: Clock, observer: DigestObserver | undefined) {
    this.#chain = chain;
    this.#clock = clock;
    this.#observer = observer;
    this.#state = { watermark: begin, received: [] };
  }

  /** After a batch (see advanceWatermark); stored when it is due, and there is one. */
  async batch(done: Parameters<typeof advanceWatermark>[1], at: Pick<State, 'link' | 'after'>): Promise<void> {
    this.#state = advanceWatermark(this.#state, done);
    if (done.now - this.#stored >= INTERVAL && this.#state.watermark > 0) await this.store(false, at);
  }

  /** The first record that is not committed arrived no earlier than `ms`. */
  reached(ms: number): void {
    this.#state = { ...this.#state, watermark: Math.max(this.#state.watermark, ms) };
  }

  /** Resolves when it is durable, with the chain's last committed link; `ended`: the shard is read to its end. */
  async store(ended: boolean, { link, after }: Pick<State, 'link' | 'after'>): Promise<void> {
    const { watermark } = this.#state;
    const children = ended ? await this.#chain.children() : [];
    await this.#chain.putWatermark({ kind: 'watermark', watermark, link, last: after, ended, children });
    this.#stored = this.#clock.now();
    this.#observer?.watermark(this.#chain.shard, watermark);
  }
}
