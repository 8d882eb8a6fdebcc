// Turns a state directory into the time at which its simulated story began, so that a second start goes on with it.
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../../schemas/clock.ts';
import { DirectoryStore } from '../store/directory.ts';

const anchorSchema = z.strictObject({ anchor: z.int().nonnegative() });

/** Unix seconds: of the first start on this directory. A file that says nothing useful begins the story anew. */
export const storyAnchor = async (state: string, clock: Clock): Promise<number> => {
  const store = new DirectoryStore(join(state, 'simulation'));
  const stored = await store.get('story.json');
  const known = anchorSchema.safeParse(stored === null ? null : parseOrNull(stored.body.toString()));
  if (known.success) return known.data.anchor;
  const anchor = Math.floor(clock.now() / 1000);
  await store.put('story.json', Buffer.from(`${JSON.stringify({ anchor })}\n`));
  return anchor;
};

const parseOrNull = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
