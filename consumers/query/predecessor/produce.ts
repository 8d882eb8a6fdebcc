// Makes the body of a result: reads a window, merges its rows into lines, and writes them as gzip text or as a graph.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { digestLinesSql } from '../../../pipeline/predecessor/digest-lines.ts';
import { GovpcDot } from '../../../pipeline/predecessor/govpc-dot.ts';
import type { ResultKind } from '../../../pipeline/predecessor/window-id.ts';
import { logLine } from '../../../pipeline/rows/text-formats.ts';
import type { QueryResult, Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import type { WindowSource } from '../../shared/query/window/window-source.ts';
import { withoutDamage } from '../../shared/query/window/without-damage.ts';
import { BoundedBytes } from './bounded-bytes.ts';

/** The largest result, bytes: of the gzip object of a digest, of the text of a graph. */
const MAX_RESULT_BYTES = 256 * 1024 * 1024;

export interface Produced {
  readonly body: Uint8Array;
  /** Whether nothing can be missing; null: unknown. */
  readonly complete: boolean | null;
}

/**
 * The same rows always give the same bytes: lines are sorted, and the head of a gzip object has no time. Rows pass
 * through; only the body is held. Objects that cannot be read are left out, and the result is not complete then. Throws
 * VF_LIMIT past `limit` bytes, and what reading a window throws.
 */
export async function produce(
  service: QueryService,
  kind: ResultKind,
  window: Window,
  signal: AbortSignal,
  limit = MAX_RESULT_BYTES,
): Promise<Produced> {
  const question = AbortSignal.any([signal]); // what its windows hold counts for each alone
  return withoutDamage(
    () => service.window(window, ['digests'], { signal: question }),
    async (source) => {
      const body = await bodyOf(service, source, kind, question, limit);
      source.release();
      return { body, complete: source.completeness.complete };
    },
    question,
  );
}

async function bodyOf(
  { engine }: QueryService,
  source: WindowSource,
  kind: ResultKind,
  signal: AbortSignal,
  limit: number,
): Promise<Uint8Array> {
  const { sql, parameters } = digestLinesSql(source.tables.digests);
  const result = await engine.run(sql, parameters, signal);
  try {
    const body = new BoundedBytes(`the ${kind} of the window`, limit);
    if (kind === 'digest') await pipeline(Readable.from(lines(result)), createGzip(), body, { signal });
    else await pipeline(Readable.from(graph(result)), body, { signal });
    return body.bytes;
  } finally {
    await result.close();
  }
}

async function* lines({ chunks }: QueryResult): AsyncGenerator<string> {
  for await (const rows of chunks) yield rows.map(logLine).join('');
}

async function* graph({ chunks }: QueryResult): AsyncGenerator<string> {
  const dot = new GovpcDot();
  yield dot.head;
  for await (const rows of chunks) yield rows.map((row) => dot.edge(row)).join('');
  yield* dot.tail();
}
