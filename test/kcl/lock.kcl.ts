// Nothing shortened: an empty lease table, and a leader that died and whose lock nobody removes. Part of the long run only.
import { describe, expect } from 'vitest';
import { READY } from './bed.ts';
import { LONG, scenario } from './scenario.ts';
import { times } from './traffic.ts';

describe.skipIf(!READY)('the library itself', () => {
  if (!LONG) return;
  scenario('an empty lease table, and the lock of a dead leader', { shards: 2, seeded: false }, async (bed) => {
    await bed.stream.put(times(1000, () => bed.traffic.envelope(50)));
    const leader = await bed.start({ id: 'leader' });
    await bed.committed(300);
    process.kill((await leader.daemon()).pid, 'SIGKILL');
    expect((await leader.gone()).status).toBe(1);
    await bed.start({ id: 'heir' });
    await bed.until('the heir commits', async () => (await bed.commits.records()) > 900, 300);
    await bed.finish();
  });
});
