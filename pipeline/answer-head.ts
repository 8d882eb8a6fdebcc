// Turns how complete an answer is into what each answer says of it: HTTP headers, members of JSON, a line on stderr.
import type { Completeness, Window } from '../schemas/query.ts';
import { completeText, watermarkText } from './completeness.ts';
import { formatMany } from './quantities.ts';
import { formatTime } from './window.ts';

/** Warnings of a header end here, characters. */
const MAX_HEADER = 1000;

/**
 * The headers of every answer about a window. Times are RFC 3339, lateness and interval seconds; behind counts shards,
 * skipdata interface-minutes. The warnings are texts separated by `; `, there only when there are any, with every
 * character that is not printable ASCII as `%XX` of its UTF-8 bytes.
 */
export const completenessHeaders = (completeness: Completeness): Record<string, string> => {
  const { complete, watermark, asOf, lateness, behind, skipdata, longestInterval, warnings } = completeness;
  return {
    'x-vpcflow-complete': completeText(complete),
    'x-vpcflow-watermark': watermarkText(watermark),
    'x-vpcflow-as-of': new Date(asOf).toISOString(),
    'x-vpcflow-lateness': String(lateness / 1000),
    'x-vpcflow-behind': String(behind.count),
    'x-vpcflow-skipdata': String(skipdata.minutes),
    'x-vpcflow-interval': longestInterval === null ? 'unknown' : String(longestInterval),
    ...(warnings.length === 0 ? {} : { 'x-vpcflow-warnings': headerText(warnings.join('; ')) }),
  };
};

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

/** What a command says on stderr of an answer that is not whole; '' for one that is. Lines end with LF. */
export const remark = ({ complete, watermark, behind, skipdata, warnings }: Completeness): string => {
  const said = [
    ...(complete === true ? [] : [`complete: ${completeText(complete)}, watermark: ${watermarkText(watermark)}`]),
    ...(behind.count === 0 ? [] : [`shards behind: ${behind.count}`]),
    ...(skipdata.minutes === 0
      ? []
      : [
          `AWS left out flows (SKIPDATA) in ${formatMany(skipdata.minutes, 'minute')} of ${formatMany(skipdata.interfaces, 'interface')}`,
        ]),
    ...warnings,
  ];
  return said.length === 0 ? '' : `vpcflow: ${said.join('; ')}\n`;
};
