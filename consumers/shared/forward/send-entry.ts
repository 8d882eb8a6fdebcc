// Turns one entry of the spool into lines of JSON, and those into batches, several of which are under way at a time.
import { Batcher, MAX_RECORD_BYTES } from '../../../pipeline/forward/batches.ts';
import { digestLines } from '../../../pipeline/forward/digest-lines.ts';
import type { EntryHead } from '../../../pipeline/forward/entry.ts';
import { mirroringLines } from '../../../pipeline/forward/mirroring-lines.ts';
import { rejectLines } from '../../../pipeline/forward/reject-lines.ts';
import { decodeRows } from '../mirroring/audit-parquet.ts';
import { type PutParts, putBatch } from './put-batch.ts';
import type { OpenEntry } from './spool.ts';

/** Calls at once: what a round trip costs must not bound the rows per second. */
const LANES = 4;

export interface Sent {
  /** Everything was taken: nothing is left to do. */
  readonly whole: boolean;
  readonly taken: number; // records
  /** Records that no call can take; there is no way for a line to become so long. */
  readonly tooLong: number;
  /** What was wrong with the bytes; what came before it is sent. Null: nothing. */
  readonly damage: unknown;
}

/** Resolves when everything is taken, or the signal came. Of an entry no more than one object is held in memory. */
export const sendEntry = async (entry: OpenEntry, put: PutParts): Promise<Sent> => {
  let [taken, tooLong]: [number, number] = [0, 0];
  let [cut, damage]: [boolean, unknown] = [false, null];
  const batches = batchesOf(entry, () => tooLong++);
  const lane = async (): Promise<void> => {
    for (;;) {
      const next = await batches.next().catch((error: unknown) => {
        damage ??= error;
        return { done: true as const, value: undefined };
      });
      if (next.done === true) return;
      cut = !(await putBatch(next.value, put)) || cut;
      if (cut) return;
      taken += next.value.length;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (cut) damage = null; // it will come again
  return { whole: !cut && damage === null, taken, tooLong, damage };
};

type Lines = (key: string, body: Uint8Array<ArrayBuffer>) => AsyncGenerator<readonly Buffer[]>;

const LINES: Readonly<Record<EntryHead['objects'][number]['table'], Lines>> = {
  digests: digestLines,
  rejects: rejectLines,
  mirroring: async function* (key, body) {
    yield* mirroringLines(key, await decodeRows(Buffer.from(body)));
  },
};

async function* batchesOf(entry: OpenEntry, onTooLong: () => void): AsyncGenerator<readonly Uint8Array[]> {
  const batcher = new Batcher();
  let object = 0;
  for await (const body of entry.bodies()) {
    const { key, table } = entry.head.objects[object++]!;
    const chunks = LINES[table](key, body);
    for await (const lines of chunks) {
      for (const line of lines) {
        if (line.length > MAX_RECORD_BYTES) {
          onTooLong();
          continue;
        }
        const full = batcher.add(line);
        if (full !== null) yield full;
      }
    }
  }
  const rest = batcher.end();
  if (rest !== null) yield rest;
}
