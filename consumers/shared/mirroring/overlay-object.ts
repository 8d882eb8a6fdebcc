// Turns the object that holds an overlay into one that is changed by one after the other, in this process and among all.
import {
  EMPTY_OVERLAY,
  type Overlay,
  parseOverlay,
  serializeOverlay,
} from '../../../pipeline/mirror-planned/overlay.ts';
import type { Change } from '../../../pipeline/mirror-planned/planned-sessions.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { MirrorAnswer } from '../../../schemas/mirroring/account.ts';
import type { ObjectStore } from '../../../schemas/store.ts';

const ATTEMPTS = 20;
const RETRY_MS = 25;

export class OverlayObject {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: ObjectStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Rejects with VF_STORE_CORRUPT or VF_STORE_VERSION rather than begin anew. */
  async read(key: string): Promise<Overlay> {
    return (await this.#load(key)).overlay;
  }

  /**
   * Replaces the overlay by what `change` makes of it, if it is still the same then, or asks again. Somebody who is
   * never let through has EC2's answer for that, RequestLimitExceeded.
   */
  change<T>(key: string, change: (overlay: Overlay) => Promise<Change<T>>): Promise<MirrorAnswer<T>> {
    const done = this.#turn.then(() => this.#replace(key, change));
    this.#turn = done.catch(() => {});
    return done;
  }

  async #replace<T>(key: string, change: (overlay: Overlay) => Promise<Change<T>>): Promise<MirrorAnswer<T>> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { overlay, tag } = await this.#load(key);
      const { overlay: after, answer } = await change(overlay);
      if (after === overlay) return answer;
      const condition = tag === null ? ({ ifAbsent: true } as const) : { ifMatch: tag };
      const put = await this.#store.put(key, serializeOverlay(after), condition);
      if (put.outcome === 'stored') return answer;
      await this.#clock.sleep(RETRY_MS * attempt);
    }
    return { ok: false, code: 'RequestLimitExceeded', message: `others change ${this.#store.uri}/${key} all the time` };
  }

  /** `tag` is null where nothing is stored. */
  async #load(key: string): Promise<{ readonly overlay: Overlay; readonly tag: string | null }> {
    const stored = await this.#store.get(key);
    if (stored === null) return { overlay: EMPTY_OVERLAY, tag: null };
    return { overlay: parseOverlay(`${this.#store.uri}/${key}`, stored.body), tag: stored.tag };
  }
}
