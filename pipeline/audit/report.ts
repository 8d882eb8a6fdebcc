// Turns the result of an audit into JSON or a table for a person.
import type { AuditGap, AuditResult } from '../../schemas/audit.ts';
import { exactJson } from '../canonical-json.ts';
import { formatMany } from '../quantities.ts';

/** Gaps that the table shows; the JSON has them all. */
const GAPS_SHOWN = 100;

/** The report as one line of JSON, its integers exact. */
export const auditJson = ({ report }: AuditResult): string => `${exactJson(report)}\n`;

const text = (value: AuditGap['expected']): string => (value === null ? 'nothing' : String(value));

/** One gap as a clause: which source, what, what was expected and what was found. */
export const gapText = ({ source, what, expected, found }: AuditGap): string =>
  `${source}: ${what}: expected ${text(expected)}, found ${text(found)}`;

/** What the JSON has no place for, a line each: what is open, what has expired. */
export const auditRemarks = ({ open, expired }: AuditResult): readonly string[] => [
  ...open.map((source) => `open: ${source}`),
  ...expired.map((sentence) => `expired: ${sentence}`),
];

/** The verdict in one line; the first gap is named in it. */
export const auditVerdict = ({ report: { ok, gaps } }: AuditResult): string =>
  ok
    ? 'ok: every line is counted out, and the rows add up to the counts'
    : `not ok: ${formatMany(gaps.length, 'gap')}; ${gapText(gaps[0])}`;

export const auditTable = (result: AuditResult): string => {
  const { ok: _, gaps, rejects, ...sums } = result.report;
  const rows: [string, bigint][] = Object.entries(sums);
  rows.push(['rejects', rejects.total], ['  lines', rejects.lines], ['  envelopes', rejects.envelopes]);
  for (const [reason, count = 0n] of Object.entries(rejects.by_reason)) rows.push([`  ${reason}`, count]);
  const names = Math.max(...rows.map(([name]) => name.length));
  const digits = Math.max(...rows.map(([, count]) => String(count).length));
  return [
    ...rows.map(([name, count]) => `${name.padEnd(names)}  ${String(count).padStart(digits)}`),
    '',
    ...gaps.slice(0, GAPS_SHOWN).map((gap) => `gap: ${gapText(gap)}`),
    ...(gaps.length > GAPS_SHOWN ? [`… and ${gaps.length - GAPS_SHOWN} more`] : []),
    ...auditRemarks(result),
    auditVerdict(result),
    '',
  ].join('\n');
};
