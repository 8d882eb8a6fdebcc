// Turns a stretch of simulated traffic into plain objects that tests can count and compare.
import type { Publication } from '../../../pipeline/simulation/capture.ts';
import { type LineFormat, SIMULATED, SIMULATED_FORMAT } from '../../../pipeline/simulation/record.ts';
import { Simulation } from '../../../pipeline/simulation/simulation.ts';

export const START = Date.UTC(2026, 10, 20, 14, 0, 0) / 1000;

export interface Stretch {
  readonly seed: number;
  readonly start: number;
  readonly seconds: number;
  readonly rate: number;
  readonly anchor?: number;
  readonly format?: LineFormat;
}

export const publications = ({
  seed,
  start,
  seconds,
  rate,
  anchor = start,
  format = SIMULATED,
}: Stretch): Publication[] => {
  const simulation = new Simulation({ seed, start, anchor, rate, format });
  const published = Array.from({ length: seconds }, () => simulation.next()).flat();
  return [...published, ...simulation.flush()];
};

const FIELDS = SIMULATED_FORMAT.replaceAll(/\$\{|\}/g, '').split(' ');

export type Row = Readonly<Record<string, string>>;

/** A line of SIMULATED_FORMAT by field id. */
export const row = (line: string): Row => {
  const tokens = line.split(' ');
  if (tokens.length !== FIELDS.length) throw new Error(`${tokens.length} tokens instead of ${FIELDS.length}: ${line}`);
  return Object.fromEntries(FIELDS.map((field, i) => [field, tokens[i]!]));
};

export const rows = (stretch: Stretch): Row[] => publications(stretch).flatMap(({ lines }) => lines.map(row));
