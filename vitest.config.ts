// Runs every test file under test/ with UTC as the time zone; nothing in the suite may depend on the machine's own.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

process.env.TZ = 'UTC';
// Hundreds of processes load the same files; a compiled one is told from another by its content.
process.env.NODE_COMPILE_CACHE ||= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url));

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 3, // one more than two cores: many tests wait for processes, and those leave a core idle
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
