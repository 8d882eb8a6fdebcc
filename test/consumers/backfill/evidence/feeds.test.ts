// Streams and labels are feeds of two kinds: one that is named like the other is still another feed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { STREAM } from '../../../audited-store.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { audited, backfill, flow, STREAMED, stream } from '../two-feeds.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-feeds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what a stream has is refused of a label that reads like its id, and left out of it', async () => {
  const store = new MemoryStore();
  await stream(store, STREAMED);
  const line = flow(3, 'eni-a');
  const refused = backfill(store, join(folder, 'a'), [line], { feed: STREAM });
  await expect(refused).rejects.toMatchObject({
    code: 'VF_OVERLAP',
    message: expect.stringContaining(`that stream ${STREAM} has, too`),
  });
  const { parts } = await backfill(store, join(folder, 'a'), [line], { feed: STREAM, overlap: 'skip' });
  expect(parts).toMatchObject([{ lines: 1, skipped: 1 }]);
  await audited(store);
});
