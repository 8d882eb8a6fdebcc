// Turns the outcomes of the fault tests into the table that is printed when all have run, however they went.

/** One row; written whether the test passes or fails. */
export interface Outcome {
  readonly fault: string;
  readonly records: number;
  readonly flows: number;
  readonly duplicates: number;
  readonly workers: number; // that were started
  readonly seconds: number;
  readonly ok: boolean;
}

const HEAD = ['fault', 'records', 'flows', 'duplicates', 'workers', 'seconds', 'totals'] as const;

const cells = ({ fault, records, flows, duplicates, workers, seconds, ok }: Outcome): readonly string[] => [
  ...[fault, String(records), String(flows), String(duplicates), String(workers), seconds.toFixed(1)],
  ok ? 'right' : 'FAILED',
];

/** Columns as wide as they need to be; the first to the left, the others to the right. */
export const faultTable = (outcomes: readonly Outcome[]): string => {
  const rows = [HEAD, ...outcomes.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ');
  return rows.map(line).join('\n');
};
