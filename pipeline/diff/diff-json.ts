// Turns a difference, whose lines the engine wrote (diff-text-sql.ts), into the JSON of `diff --format json`.
import {
  type ClassTotals,
  type ComparedWindow,
  DIFF_CLASSES,
  type DiffHead,
  type DiffTotals,
} from '../../schemas/diff.ts';
import { headMembers } from '../window/answer-head.ts';
import { formatTime } from '../window/window.ts';
import { minutesOf } from './diff-windows.ts';
import type { WrittenDifference } from './read-diff.ts';

/** JSON with every bigint digit by digit. */
const json = (value: unknown): string => {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  return `{${Object.entries(value)
    .map(([key, held]) => `${JSON.stringify(key)}:${json(held)}`)
    .join(',')}}`;
};

/** The members of a window: those of every answer, with its times as asked; what was compared, and how many minutes were not. */
function windowJson({ asked, compared, completeness }: ComparedWindow): string {
  const times = json({ start: formatTime(compared.start), stop: formatTime(compared.stop) });
  const leftOut = minutesOf(asked) - minutesOf(compared);
  return `{${headMembers(asked, completeness)},"compared":${times},"left_out":${leftOut}}`;
}

const classJson = ({ edges, before, after }: ClassTotals): object => ({ edges, before, after });

function totalsJson({ window, against, classes }: DiffTotals): string {
  const ofClasses = Object.entries(classes).map(([name, totals]) => [name, classJson(totals)]);
  return json({ window, against, ...Object.fromEntries(ofClasses) });
}

/** The document in pieces; the differences come by class, in the order of DIFF_CLASSES. */
export async function* diffJson(
  head: DiffHead,
  totals: DiffTotals,
  differences: AsyncIterable<readonly WrittenDifference[]>,
): AsyncGenerator<string> {
  yield `{"window":${windowJson(head.window)},\n"against":${windowJson(head.against)},\n`;
  yield `${json({ count: head.count, group: head.group }).slice(1, -1)},\n"added":[`;
  let at = 0;
  let separator = '\n';
  /** Ends the lists up to that of a class, and begins it. */
  const until = (index: number): string => {
    let text = '';
    for (; at < index; at++) {
      text += `${separator === '\n' ? '' : '\n'}],\n"${DIFF_CLASSES[at + 1]}":[`;
      separator = '\n';
    }
    return text;
  };
  for await (const some of differences) {
    let lines = '';
    for (const { change, text } of some) {
      lines += `${until(DIFF_CLASSES.indexOf(change))}${separator}${text}`;
      separator = ',\n';
    }
    yield lines;
  }
  yield `${until(DIFF_CLASSES.length - 1)}${separator === '\n' ? '' : '\n'}],\n`;
  yield `"others":${json({ nodes: totals.others })},\n"totals":${totalsJson(totals)}}\n`;
}
