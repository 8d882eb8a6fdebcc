// Turns one fault into one test and one row of the table: what it went through, and whether every total was right.
import { appendFileSync } from 'node:fs';
import { inject, test } from 'vitest';
import { Bed, type BedOptions } from './bed.ts';
import type { Outcome } from './table.ts';

/** More of everything, and nothing shortened: `npm run test:kcl:long`. */
export const LONG = process.env.VPCFLOW_TEST_LONG === '1';

const TIMEOUT = LONG ? 900_000 : 360_000; // ms

/** Runs `steps` on a bed of its own; whatever is left of it is ended, also when it took too long. */
export const scenario = (
  fault: string,
  options: Omit<BedOptions, 'seed'>,
  steps: (bed: Bed, seed: number) => Promise<void>,
): void => {
  for (const seed of LONG && options.seeded !== false ? [1, 2, 3] : [1]) {
    const name = LONG ? `${fault} (seed ${seed})` : fault;
    test(name, { timeout: TIMEOUT }, async ({ onTestFinished }) => {
      const began = performance.now();
      let [bed, ok]: [Bed | null, boolean] = [null, false];
      onTestFinished(async () => {
        const { records = 0, flows = 0, duplicates = 0 } = bed?.stream.count ?? {};
        const seconds = (performance.now() - began) / 1000;
        const workers = bed?.workers.length ?? 0;
        const outcome: Outcome = { fault: name, records, flows, duplicates, workers, seconds, ok };
        appendFileSync(inject('outcomes'), `${JSON.stringify(outcome)}\n`);
        for (const worker of ok ? [] : (bed?.workers ?? []))
          console.error(`--- ${worker.id}, status ${worker.end?.status}\n${worker.tail(60)}`);
        await bed?.close();
      });
      bed = await Bed.open({ ...options, seed });
      await steps(bed, seed);
      ok = true;
    });
  }
};
