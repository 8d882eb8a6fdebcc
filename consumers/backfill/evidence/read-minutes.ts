// Turns Parquet files of digests or coverage into the interface-minutes of which they are evidence.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOGGERS } from '../../../pipeline/overlap/interface-rows.ts';
import { addMask, MinuteSet } from '../../../pipeline/overlap/minute-set.ts';
import { emptyDigest } from '../../../pipeline/parquet/encode.ts';
import type { WindowTable } from '../../../pipeline/window/query-plan.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { QueryEngine, QueryValue } from '../../../schemas/query.ts';
import type { ListedObject, ObjectStore } from '../../../schemas/store.ts';
import { CachedFiles } from '../../shared/query/cache/cached-files.ts';
import { filesInPlace, type ObjectFiles } from '../../shared/query/cache/object-files.ts';
import { openDuckDb } from '../../shared/query/engine/duckdb.ts';
import { quotedPath } from '../../shared/query/engine/sql-text.ts';

/** What lies on the disk at once of a store that is not a directory. */
const FILES_AT_ONCE = 256;
const BYTES_AT_ONCE = 256 * 1024 * 1024;
const MEMORY_LIMIT = 128 * 1024 * 1024; // bytes, of DuckDB
const HALF = 2n ** 30n;

/**
 * A digest row is evidence of its minute; a coverage row of each minute of [minute, end), of its own at least and of an
 * hour at most. One row an account, interface and hour, its minutes as 60 bits.
 */
const statement = (table: WindowTable, paths: readonly string[]): string => {
  const files = `read_parquet([${paths.map(quotedPath).join(', ')}], union_by_name = true, hive_partitioning = false)`;
  const minute = 'epoch_ms(minute) // 60000';
  const rows =
    table === 'digests'
      ? `SELECT account_id AS account, coalesce(${LOGGERS.join(', ')}) AS interface, ${minute} AS m FROM ${files}`
      : `SELECT account, interface, unnest(range(first, stop)) AS m FROM (SELECT account_id AS account, interface_id AS interface, ` +
        `${minute} AS first, greatest(${minute} + 1, least((coalesce("end", 0) + 59) // 60, ${minute} + 60)) AS stop FROM ${files})`;
  return (
    'SELECT account, interface, CAST(m // 60 AS INTEGER), bit_or(CAST(1 AS BIGINT) << CAST(m % 60 AS INTEGER)) ' +
    `FROM (${rows}) GROUP BY 1, 2, 3`
  );
};

/** At least one file each. */
function* batches(objects: readonly ListedObject[]): Generator<readonly ListedObject[]> {
  let batch: ListedObject[] = [];
  let bytes = 0;
  for (const object of objects) {
    if (batch.length === FILES_AT_ONCE || (batch.length > 0 && bytes + object.size > BYTES_AT_ONCE)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(object);
    bytes += object.size;
  }
  if (batch.length > 0) yield batch;
}

const textOf = (value: QueryValue | undefined): string | null => (typeof value === 'string' ? value : null);

const add = (to: MinuteSet, [account, iface, hour, minutes]: readonly QueryValue[]): void => {
  if (typeof hour !== 'number' || typeof minutes !== 'bigint') {
    throw new VpcflowError('VF_QUERY', `minutes of the kinds ${typeof hour} and ${typeof minutes}`);
  }
  const mask = { low: Number(minutes % HALF), high: Number(minutes / HALF) };
  addMask(to.at(textOf(account), textOf(iface), hour), mask);
};

/** Reads them with a DuckDB that is closed again: evidence is rare, and its engine holds memory. Throws VF_STORE_*. */
export const readMinutes = async (
  store: ObjectStore,
  table: WindowTable,
  objects: readonly ListedObject[],
): Promise<MinuteSet> => {
  const scratch = await mkdtemp(join(tmpdir(), 'vpcflow-evidence-'));
  let engine: QueryEngine | null = null;
  let files: ObjectFiles | null = null;
  try {
    const local = !store.uri.includes('://');
    files = local
      ? filesInPlace(store.uri)
      : new CachedFiles(store, { directory: join(scratch, 'objects'), maxBytes: 0 });
    const empty = join(scratch, 'empty.parquet'); // so that each name exists
    await writeFile(empty, await emptyDigest());
    await mkdir(join(scratch, 'spill'));
    engine = await openDuckDb({
      ...{ directories: [files.directory, scratch], memoryLimit: MEMORY_LIMIT, threads: 1, keepFiles: false },
      temporary: join(scratch, 'spill'),
    });
    const set = new MinuteSet();
    for (const some of batches(objects)) {
      const held = await files.hold(some);
      try {
        const paths = table === 'digests' ? [empty, ...held.paths] : held.paths;
        if (paths.length === 0) continue;
        const { chunks } = await engine.run(statement(table, paths));
        for await (const rows of chunks) for (const row of rows) add(set, row);
      } finally {
        held.release();
      }
    }
    return set;
  } finally {
    await engine?.close();
    await files?.close();
    await rm(scratch, { recursive: true, force: true });
  }
};
