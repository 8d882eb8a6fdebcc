// Turns the groups of a store's rejects into JSON or a table for a person.
import { hourPartition } from '../keys.ts';
import { formatCount, formatMany } from '../quantities.ts';
import type { RejectGroup } from './groups.ts';

export interface RejectList {
  readonly groups: readonly RejectGroup[];
  /** Taken over by replays, of those selected: they are in no group. */
  readonly replayed: number;
}

const total = (groups: readonly RejectGroup[], of: (group: RejectGroup) => number): number =>
  groups.reduce((sum, group) => sum + of(group), 0);

/** `2026-11-20T05:00:00Z`: the hour in which they arrived. */
const hour = (ms: number): string => `${hourPartition(ms).replace('date=', '').replace('/hour=', 'T')}:00:00Z`;
/** `2026-11-20 05h`. */
const shortHour = (ms: number): string => `${hourPartition(ms).replace('date=', '').replace('/hour=', ' ')}h`;

/** Control characters, and others that are not seen, as escapes: nothing of a reject may speak to the terminal. */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
  });

const cut = (text: string, width: number): string => {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
};

/** Bytes that are no text, with escapes for what is not ASCII. */
const bytesText = (bytes: Buffer): string =>
  [...bytes]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');

const sampleText = ({ sample: { raw, raw_base64 } }: RejectGroup): string =>
  raw === undefined ? bytesText(Buffer.from(raw_base64 ?? '', 'base64')) : visible(raw);

/** `2026-11-20 05h`, or from one such hour to another. */
const arrived = ({ first, last }: RejectGroup): string =>
  shortHour(first) === shortHour(last) ? shortHour(first) : `${shortHour(first)} to ${shortHour(last)}`;

/** One line of JSON. Control characters that JSON allows are escaped, too. */
export const listJson = ({ groups, replayed }: RejectList): string => {
  const document = {
    rejects: total(groups, (group) => group.rejects),
    replayable: total(groups, (group) => group.replayable),
    replayed,
    groups: groups.map(({ reason, origin, rejects, replayable, first, last, sample }) => ({
      reason,
      log_group: origin.kind === 'log group' ? origin.name : null,
      feed: origin.kind === 'feed' ? origin.name : null,
      ...{ rejects, replayable, first: hour(first), last: hour(last), sample },
    })),
  };
  const escaped = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(document).replace(/[\u007f-\u009f\u2028\u2029]/g, escaped)}\n`;
};

/** A head, three lines a group (how many, when and why, and one of them) cut to `width` characters, and the sum. */
export const listTable = ({ groups, replayed }: RejectList, width: number): string => {
  const rows = groups.map((group) => [
    formatCount(group.rejects),
    formatCount(group.replayable),
    group.reason,
    visible(group.origin.kind === 'feed' ? `(${group.origin.name})` : group.origin.name),
  ]);
  const head = ['rejects', 'replayable', 'reason', 'log group, or (feed)'];
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const lineOf = (row: readonly string[]): string => {
    const cells = row.map((cell, at) => (at < 2 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)));
    return cut(cells.join('  ').trimEnd(), width);
  };
  const left = total(groups, (group) => group.rejects);
  const replayable = total(groups, (group) => group.replayable);
  const sums = `${formatCount(replayable)} can be replayed; ${formatCount(replayed)} were`;
  return [
    ...(groups.length === 0 ? [] : [lineOf(head)]),
    ...groups.flatMap((group, i) => [
      lineOf(rows[i] ?? []),
      cut(`    ${arrived(group)}: ${visible(group.sample.detail)}`, width),
      cut(`    ${sampleText(group)}`, width),
    ]),
    ...(groups.length === 0 ? [] : ['']),
    `${formatMany(left, 'reject')}, of which ${sums}`,
    '',
  ].join('\n');
};
