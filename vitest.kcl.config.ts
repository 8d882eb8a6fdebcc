// Runs the fault tests of the production engine (real daemons, of which test/kcl/servers.ts prints a table), those with many
// killed processes, and more of the store's faults than the suite has time for: two files at a time.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

process.env.TZ = 'UTC';
// As in vitest.config.ts.
process.env.NODE_COMPILE_CACHE ||= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url));

export default defineConfig({
  test: {
    include: ['test/kcl/*.kcl.ts', 'test/faults/store-faults.test.ts'],
    env: { VPCFLOW_FAULT_RUNS: '3' },
    globalSetup: ['test/kcl/servers.ts'],
    pool: 'forks',
    maxWorkers: 2,
    hookTimeout: 120_000,
  },
});
