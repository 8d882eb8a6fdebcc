// Removes the rows of given interface-minutes from a piece, and says what they had added up to.
import { COVERAGE_KEYS, type CoverageStatus } from '../digest/coverage.ts';
import { type Digest, SEGMENT_ROWS } from '../digest/digest.ts';
import { ROW_FLOWS, ROW_KEYS, ROW_SUMS, ROW_TCP_FLAGS } from '../digest/row-layout.ts';
import { loadExact } from '../digest/wide-words.ts';
import { NULL } from '../flow.ts';
import type { MinuteSet } from './minute-set.ts';
import { type Rows, rowsIn } from './presence.ts';
import type { RemovedLines } from './removed-lines.ts';

/** Empties a row: it is in no order and no file any more, and a flow that comes later begins it anew. */
const emptyRow = (digest: Digest, row: number): { flows: number; packets: bigint; bytes: bigint } => {
  const { words, layout } = digest.segment(Math.floor(row / SEGMENT_ROWS));
  const at = (row % SEGMENT_ROWS) * layout.stride;
  const flows = words[at + ROW_FLOWS];
  const [packets, bytes] = [loadExact(words, at + ROW_SUMS), loadExact(words, at + ROW_SUMS + 2)];
  words[at + ROW_FLOWS] = 0;
  words.fill(NULL, at + ROW_TCP_FLAGS, at + ROW_KEYS);
  words.fill(NULL, at + ROW_KEYS + layout.keys.length, at + layout.stride);
  return { flows, packets, bytes };
};

/** Sums are exact; what is left adds up to what there was less what is returned. */
export const removeRows = ({ digest, coverage }: Rows, set: MinuteSet): RemovedLines => {
  const removed = { flows: 0, nodata: 0, skipdata: 0, packets: 0n, bytes: 0n };
  rowsIn(digest, set, (row) => {
    const { flows, packets, bytes } = emptyRow(digest, row);
    removed.flows += flows;
    removed.packets += packets;
    removed.bytes += bytes;
  });
  rowsIn(coverage.digest, set, (row) => {
    const status = statusOf(coverage.digest, row);
    removed[status === 'NODATA' ? 'nodata' : 'skipdata'] += emptyRow(coverage.digest, row).flows;
  });
  return removed;
};

const STATUS = COVERAGE_KEYS.get('log_status')!;

const statusOf = (digest: Digest, row: number): CoverageStatus => {
  const { words, layout } = digest.segment(Math.floor(row / SEGMENT_ROWS));
  const at = (row % SEGMENT_ROWS) * layout.stride;
  const status = digest.pool.text(words[at + ROW_KEYS + layout.keys.indexOf(STATUS)]);
  return status === 'NODATA' ? 'NODATA' : 'SKIPDATA';
};
