// Turns chunks of any length and compression into decompressed chunks: everything up to a damage, then what it is.
import { EXPANSION_FREE_BYTES, MAX_EXPANSION } from '../../schemas/rejects.ts';
import { BlockReader } from './block-reader.ts';
import type { Chunks, Open } from './chunks.ts';
import { type Compression, compressionOf, MAX_LAYERS } from './compression.ts';
import { Inflater } from './inflater.ts';

/** Compressed bytes that are inflated at a time: at 1032 : 1 their output is the most memory that is held. */
const BLOCK = 32 * 1024;
/**
 * zlib keeps back what it has made of the bytes in front of a damage in the same write. So a damaged block is read
 * again in pieces that end at the last good byte: the data are opened again, for no state of zlib can be copied.
 */
const PIECES = [BLOCK, 256, 1];

/** Compressed bytes of the outermost layer that were read: what expansion is measured against. */
interface Budget {
  consumed: number;
}

/** The data behind all layers of compression. */
export async function* decompressed(open: Open): Chunks {
  return yield* layer(() => whole(open), 0, { consumed: 0 });
}

async function* whole(open: Open): Chunks {
  return (yield* open()) ?? null;
}

async function* layer(open: () => Chunks, depth: number, budget: Budget): Chunks {
  const source = open();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 2) {
    const step = await source.next();
    if (step.done === true) {
      if (head.length > 0) yield head;
      return step.value;
    }
    head = head.length === 0 ? step.value : Buffer.concat([head, step.value]);
  }
  const compression = compressionOf(head[0], head[1]);
  let first: Chunks | null = resumed(head, source);
  if (compression === null) return yield* first;
  if (depth === MAX_LAYERS) {
    await source.return(null);
    return { reason: 'envelope_undecodable', detail: `compressed more than ${MAX_LAYERS} times` };
  }
  const inner = (): Chunks => {
    const chunks = first ?? open();
    first = null;
    return inflated(chunks, open, compression, depth === 0 ? budget : null, budget);
  };
  return yield* layer(inner, depth + 1, budget);
}

async function* resumed(head: Buffer, source: Chunks): Chunks {
  try {
    yield head;
    return yield* source;
  } finally {
    await source.return(null);
  }
}

async function* inflated(
  first: Chunks,
  open: () => Chunks,
  compression: Compression,
  measured: Budget | null,
  budget: Budget,
): Chunks {
  let source = first;
  let good = 0; // compressed bytes without damage
  let delivered = 0; // decompressed bytes
  for (const piece of PIECES) {
    const inflater = new Inflater(compression);
    const reader = new BlockReader(source);
    let offset = 0; // compressed bytes that are inflated
    let produced = 0;
    let error: string | null = null;
    try {
      while (error === null) {
        const size = offset < good ? Math.min(BLOCK, good - offset) : piece;
        const block = await reader.read(size);
        if (block === null) break;
        let taken = 0;
        while (taken < block.length && error === null) {
          const step = await inflater.write(taken === 0 ? block : block.subarray(taken));
          error = step.error;
          if (error !== null) break;
          taken += step.consumed;
          if (measured !== null) measured.consumed = offset + taken;
          const allowed = piece === BLOCK ? Math.max(EXPANSION_FREE_BYTES, MAX_EXPANSION * budget.consumed) : Infinity;
          for (const out of step.out) {
            const from = Math.max(0, delivered - produced);
            const to = Math.min(out.length, allowed - produced);
            produced += out.length;
            if (from < to) yield out.subarray(from, to);
            if (to < out.length)
              return { reason: 'envelope_too_large', detail: `expands more than ${MAX_EXPANSION} : 1` };
          }
          delivered = Math.max(delivered, produced);
        }
        offset += taken;
      }
      if (error === null) {
        if (reader.damage !== null) return reader.damage;
        const isWhole = await inflater.isWhole();
        return isWhole ? null : { reason: 'envelope_truncated', detail: `the ${compression} data end too early` };
      }
    } finally {
      inflater.close();
      await source.return(null);
    }
    if (piece === 1) return { reason: 'envelope_undecodable', detail: `bad ${compression} data: ${error}` };
    good = offset;
    source = open();
  }
  return null;
}
