// Decides which of the waiting objects begin now, and where: small ones beside one another, large ones alone.

/** What one place is at work on, or the most that it may be. */
export interface Share {
  readonly objects: number;
  readonly bytes: number; // of the objects, as they lie in their files
}

export interface Start {
  readonly waiting: number; // index
  readonly place: number; // index
}

const fits = (place: Share, bytes: number, most: Share): boolean =>
  place.objects === 0 || (place.objects < most.objects && place.bytes + bytes <= most.bytes);

const lighter = (a: Share, b: Share): boolean => a.bytes < b.bytes || (a.bytes === b.bytes && a.objects < b.objects);

/**
 * In the order in which they wait, each to the place with the least to do. One that fits nowhere keeps that place to
 * itself until it does, so that none waits for ever behind smaller ones; the others go past it to the places left.
 * A place without work takes any object, however large.
 */
export const startable = (waiting: readonly number[], places: readonly Share[], most: Share): readonly Start[] => {
  const open = places.map((share, place) => ({ place, share }));
  const starts: Start[] = [];
  for (const [index, bytes] of waiting.entries()) {
    if (open.length === 0) break;
    const best = open.reduce((a, b) => (lighter(b.share, a.share) ? b : a));
    const { objects, bytes: busy } = best.share;
    if (fits(best.share, bytes, most)) {
      best.share = { objects: objects + 1, bytes: busy + bytes };
      starts.push({ waiting: index, place: best.place });
    } else {
      open.splice(open.indexOf(best), 1);
    }
  }
  return starts;
};

/** One that was let in; disposed of, its share is free. */
export interface Entry extends Disposable {
  readonly place: number;
}

interface Waiter {
  readonly bytes: number;
  readonly enter: (entry: Entry) => void;
  readonly refuse: (error: unknown) => void;
}

/** Lets objects in as `startable` says. */
export class Admission {
  readonly #most: Share;
  readonly #places: Share[];
  readonly #waiting: Waiter[] = [];
  #closed: Error | null = null;

  constructor(places: number, most: Share) {
    this.#most = most;
    this.#places = Array.from({ length: places }, () => ({ objects: 0, bytes: 0 }));
  }

  /** Rejects when it is closed before. */
  enter(bytes: number): Promise<Entry> {
    return new Promise((enter, refuse) => {
      if (this.#closed !== null) {
        refuse(this.#closed);
        return;
      }
      this.#waiting.push({ bytes, enter, refuse });
      this.#admit();
    });
  }

  /** Who waits is refused with the error, and so is whoever comes. */
  close(error: Error): void {
    this.#closed ??= error;
    for (const { refuse } of this.#waiting.splice(0)) refuse(error);
  }

  #admit(): void {
    const sizes = this.#waiting.map(({ bytes }) => bytes);
    const starts = startable(sizes, this.#places, this.#most);
    const begun = starts.map(({ waiting, place }) => ({ waiter: this.#waiting[waiting], place }));
    for (const { waiting } of starts.toReversed()) this.#waiting.splice(waiting, 1);
    for (const { waiter, place } of begun) {
      this.#add(place, 1, waiter.bytes);
      let inside = true;
      waiter.enter({
        place,
        [Symbol.dispose]: () => {
          if (!inside) return;
          inside = false;
          this.#add(place, -1, -waiter.bytes);
          this.#admit();
        },
      });
    }
  }

  #add(place: number, objects: number, bytes: number): void {
    const share = this.#places[place];
    this.#places[place] = { objects: share.objects + objects, bytes: share.bytes + bytes };
  }
}
