// Turns how complete an answer is into what each answer says of it: HTTP headers, members of JSON, a line on stderr.
import type { Behind, Completeness, Window } from '../../schemas/query.ts';
import { formatMany } from '../quantities.ts';
import { completeText, watermarkText } from './completeness.ts';
import { formatTime } from './window.ts';

/** Warnings of a header end here, characters. */
const MAX_HEADER = 1000;

/**
 * The headers of every answer about a window. Times are RFC 3339, lateness and interval seconds; behind counts shards,
 * skipdata interface-minutes. The warnings are texts separated by `; `, there only when there are any, with every
 * character that is not printable ASCII as `%XX` of its UTF-8 bytes.
 */
export const completenessHeaders = (completeness: Completeness): Record<string, string> => {
  const { lateness, behind, skipdata, longestInterval } = completeness;
  return {
    ...wholenessHeaders(completeness),
    'x-vpcflow-lateness': String(lateness / 1000),
    'x-vpcflow-behind': String(behind.count),
    'x-vpcflow-skipdata': String(skipdata.minutes),
    'x-vpcflow-interval': longestInterval === null ? 'unknown' : String(longestInterval),
  };
};

/** The headers of every answer from the store: whether it is whole, up to when, and when the store was read. */
export const wholenessHeaders = ({
  complete,
  watermark,
  asOf,
  warnings,
}: Pick<Completeness, 'complete' | 'watermark' | 'asOf' | 'warnings'>): Record<string, string> => ({
  'x-vpcflow-complete': completeText(complete),
  'x-vpcflow-watermark': watermarkText(watermark),
  'x-vpcflow-as-of': new Date(asOf).toISOString(),
  ...warningsHeaders(warnings),
});

/** The header that names what could not be read; none where there is nothing. */
const warningsHeaders = (warnings: readonly string[]): Record<string, string> =>
  warnings.length === 0 ? {} : { 'x-vpcflow-warnings': headerText(warnings.join('; ')) };

const headerText = (text: string): string => {
  const safe = text.replace(/[^ -~]|%/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
  return safe.length <= MAX_HEADER ? safe : `${safe.slice(0, MAX_HEADER)} ...`;
};

/**
 * The members that every JSON answer about a window begins with, without braces: start, stop, complete, watermark (`none`
 * without one), lateness (s), behind, skipdata, interval (s or null), warnings.
 */
export const headMembers = (window: Window, completeness: Completeness): string => {
  const { complete, watermark, lateness, behind, skipdata, longestInterval, warnings } = completeness;
  const shards = behind.shards.map((shard) => ({ ...shard, watermark: watermarkText(shard.watermark) }));
  const { interfaces, minutes, named } = skipdata;
  const members = {
    ...{ start: formatTime(window.start), stop: formatTime(window.stop), complete },
    ...{ watermark: watermarkText(watermark), lateness: lateness / 1000, behind: { count: behind.count, shards } },
    ...{ skipdata: { interfaces, minutes, named }, interval: longestInterval, warnings },
  };
  return JSON.stringify(members).slice(1, -1);
};

/** How many shards a remark names. */
const NAMED_BEHIND = 3;

/** How many shards are behind, and which of them most, each with its watermark. */
const behindText = ({ count, shards }: Behind): string => {
  const named = shards.slice(0, NAMED_BEHIND);
  const each = named.map(({ stream, shard, watermark }) => `${stream} ${shard} at ${watermarkText(watermark)}`);
  const others = count - named.length;
  return `shards behind: ${count} (${[...each, ...(others === 0 ? [] : [`${others} more`])].join(', ')})`;
};

/**
 * What a command says on stderr of an answer that is not whole; '' for one that is. Lines end with LF.
 * @param more what is to be said beside it
 */
export const remark = (
  { complete, watermark, behind, skipdata, warnings }: Completeness,
  more: string | null = null,
): string => {
  const said = [
    ...(complete === true ? [] : [`complete: ${completeText(complete)}, watermark: ${watermarkText(watermark)}`]),
    ...(behind.count === 0 ? [] : [behindText(behind)]),
    ...(skipdata.minutes === 0
      ? []
      : [
          `AWS left out flows (SKIPDATA) in ${formatMany(skipdata.minutes, 'minute')} of ${formatMany(skipdata.interfaces, 'interface')}`,
        ]),
    ...warnings,
    ...(more === null ? [] : [more]),
  ];
  return said.length === 0 ? '' : `vpcflow: ${said.join('; ')}\n`;
};
