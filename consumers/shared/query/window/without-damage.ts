// Does what reads objects again, without those that turn out to be damaged.

/** How often something is tried. Each time all damaged files are found that were met. */
export const MAX_ATTEMPTS = 3;

/** What holds files of objects that may turn out to be damaged. */
export interface Spoilable {
  /**
   * The keys of the objects because of which reading the files failed; none: it failed for another reason. They are left
   * out of every window that is opened from now on, with a warning: what failed can be tried on another source.
   */
  spoiledBy(error: unknown, signal?: AbortSignal): Promise<readonly string[]>;
  /** Lets the files go. To be called when the last row was read. */
  release(): void;
}

/** What `work` makes of what `open` gives. What it failed on is released; what it did not fail on is its own to release. */
export async function withoutDamage<S extends Spoilable, T>(
  open: () => Promise<S>,
  work: (source: S) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const source = await open();
    try {
      return await work(source);
    } catch (error) {
      try {
        if (attempt === MAX_ATTEMPTS || (await source.spoiledBy(error, signal)).length === 0) throw error;
      } finally {
        source.release();
      }
    }
  }
}
