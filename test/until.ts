// Turns a condition that another process will make true into a promise: asked again and again, with a generous deadline.
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves with the first truthy answer; rejects, naming `what`, when there is none within `seconds`. */
export const until = async <T>(
  what: string,
  condition: () => T | Promise<T>,
  seconds = 60,
): Promise<Exclude<T, false | null | undefined | 0 | ''>> => {
  const began = performance.now();
  for (;;) {
    const answer = await condition();
    // The falsy values are what the loop goes on for.
    if (answer) return answer as Exclude<T, false | null | undefined | 0 | ''>;
    const waited = performance.now() - began; // ms
    if (waited > seconds * 1000) throw new Error(`did not happen within ${seconds} s: ${what}`);
    await delay(Math.min(25 + waited / 20, 100)); // asking may be work
  }
};
