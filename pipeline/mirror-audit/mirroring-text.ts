// Turns the answer about mirroring into text: JSON, CSV and NDJSON for programs, a table for people.
import type { QueryValue } from '../../schemas/query.ts';
import { tagTime } from '../mirror-plan/tag-time.ts';
import { formatMany } from '../quantities.ts';
import { csvHeader, csvRow, jsonRow } from '../rows/text-formats.ts';
import { watermarkText } from '../window/completeness.ts';
import { formatTime } from '../window/window.ts';
import {
  entryRow,
  type MirroringAnswer,
  type MirroringQuestion,
  SESSION_COLUMNS,
  type SessionEntry,
} from './mirroring-answer.ts';

/** The window (null: whenever), the sessions, those that carry their packets, the decisions without, what could not be read. */
export function mirroringJson(answer: MirroringAnswer, { window }: MirroringQuestion): string {
  const list = (entries: readonly SessionEntry[]): string =>
    entries.map((entry) => `\n${jsonRow(SESSION_COLUMNS, entryRow(entry))}`).join(',');
  const time = (ms: number | undefined): string => (ms === undefined ? 'null' : JSON.stringify(formatTime(ms)));
  const { complete, watermark, warnings } = answer;
  return (
    `{"start":${time(window?.start)},"stop":${time(window?.stop)},"complete":${complete},` +
    `"watermark":${JSON.stringify(watermarkText(watermark))},"warnings":${JSON.stringify(warnings)},` +
    `"sessions":[${list(answer.sessions)}],"carriers":[${list(answer.carriers)}],"without":[${list(answer.without)}]}\n`
  );
}

const all = ({ sessions, carriers, without }: MirroringAnswer): readonly SessionEntry[] => [
  ...[...sessions, ...carriers, ...without],
];

/**
 * A row for each session, then those of others that carry its packets (`carried_by` of the former names them), then one
 * for each decision without, which `state` tells apart.
 */
export const mirroringCsv = (answer: MirroringAnswer): string =>
  csvHeader(SESSION_COLUMNS) +
  all(answer)
    .map((one) => csvRow(SESSION_COLUMNS, entryRow(one)))
    .join('');

/** The same as one JSON object a line. */
export const mirroringNdjson = (answer: MirroringAnswer): string =>
  all(answer)
    .map((one) => `${jsonRow(SESSION_COLUMNS, entryRow(one))}\n`)
    .join('');

const COLUMNS: readonly (readonly [string, (entry: SessionEntry) => QueryValue | undefined])[] = [
  ['STATE', (e) => (e.mode === 'plan' ? `${e.state} (planned)` : e.state)],
  ['FROM', (e) => timeText(e.from)],
  ['TO', (e) => timeText(e.to)],
  ['INTERFACE', (e) => e.interface_id],
  ['INSTANCE', (e) => e.instance_id],
  ['SESSION', (e) => e.session_id],
  ['TARGET', (e) => e.target_id],
  ['VNI', (e) => e.virtual_network_id],
  ['NUMBER', (e) => e.session_number],
  ['FILTER', (e) => e.filter_id],
  ['BYTES', (e) => e.packet_length ?? 'all'],
  ['RULE', (e) => e.rule],
  ['CAUSE', (e) => (e.neighbour === true ? `${e.cause}, neighbour` : e.cause)],
  ['FINDING', (e) => e.finding_id],
  ['TYPE', (e) => e.finding_type],
];

/** Lines end with LF. What is not printable is shown escaped: names come from other people. */
export function mirroringTable(answer: MirroringAnswer): string {
  const { sessions, carriers, without } = answer;
  const lines: string[] = [];
  if (sessions.length > 0) {
    const cells = sessions.map((entry) => COLUMNS.map(([, read]) => cell(read(entry))));
    const all = [COLUMNS.map(([title]) => title), ...cells];
    const widths = COLUMNS.map((_, i) => Math.max(...all.map((row) => row[i].length)));
    lines.push(
      ...all.map((row) =>
        row
          .map((text, i) => text.padEnd(widths[i]))
          .join('  ')
          .trimEnd(),
      ),
      '',
    );
  }
  lines.push(countText(sessions));
  if (carriers.length > 0) lines.push('', 'Packets that these sessions accept went there first, and only there:');
  for (const entry of carriers) lines.push(`  ${carrierLine(entry)}`);
  if (without.length > 0) lines.push('', 'Without a session:');
  for (const entry of without) lines.push(`  ${withoutLine(entry)}`);
  return `${lines.join('\n')}\n`;
}

function countText(sessions: readonly SessionEntry[]): string {
  const active = sessions.filter(({ state }) => state === 'active').length;
  if (sessions.length === 0) return 'no session';
  if (sessions.length === 1) return `1 session, ${active === 1 ? 'active' : 'ended'}`;
  return `${formatMany(sessions.length, 'session')}, ${active} of them active`;
}

function carrierLine(entry: SessionEntry): string {
  const { interface_id: source, session_id: session, session_number: number, virtual_network_id: vni } = entry;
  const { target_id: target, filter_id: filter, finding_id: finding, cause } = entry;
  const of = typeof finding === 'string' ? `of finding ${cell(finding)}` : `of the ${cell(cause)}`;
  const where = `VNI ${cell(vni)}, number ${cell(number)}, to ${cell(target)}, filter ${cell(filter)}`;
  const time = `${timeText(entry.from)} to ${entry.to === null ? 'now' : timeText(entry.to)}`;
  return `${cell(source)}  carried by ${cell(session)}, ${where}, ${time}, ${of}`;
}

function withoutLine(entry: SessionEntry): string {
  const { state, why, finding_id: finding, finding_type: type } = entry;
  const place = [entry.interface_id, entry.instance_id].filter((id) => typeof id === 'string');
  const of = [...place, ...(typeof finding === 'string' ? [`finding ${finding}`] : [])].map(cell).join(', ');
  const named = typeof type === 'string' ? ` (${cell(type)})` : '';
  return `${timeText(entry.from)}  ${cell(state)}  ${of}${named}${of === '' ? '' : ': '}${cell(why)}`;
}

const timeText = (value: QueryValue | undefined): string => (typeof value === 'number' ? tagTime(value) : '-');

const cell = (value: QueryValue | undefined): string =>
  value === null || value === undefined
    ? '-'
    : String(value).replace(
        /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
        (c) => `\\u${c.codePointAt(0)?.toString(16).padStart(4, '0')}`,
      );
