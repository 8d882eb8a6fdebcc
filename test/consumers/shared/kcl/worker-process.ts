// A KCL worker as a process of its own, for tests that kill it: its options are JSON in the first argument.
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { type KclWorkerOptions, runKclWorker } from '../../../../consumers/shared/kcl/worker.ts';
import { createLog } from '../../../../consumers/shared/log.ts';
import { recordMeter } from './worker-bed.ts';

// The test that wrote them is what reads them.
const given = JSON.parse(process.argv[2] ?? '') as Omit<KclWorkerOptions, 'child'> & { readonly child: string };
const control = new AbortController();
process.on('SIGTERM', () => control.abort());
process.on('SIGINT', () => process.exit(130));
await runKclWorker({
  ...given,
  child: new URL(given.child),
  ...{ meter: recordMeter([]), log: createLog(process.stderr, 'json'), clock: systemClock, signal: control.signal },
});
