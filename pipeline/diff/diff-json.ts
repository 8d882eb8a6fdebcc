// Turns a difference into the JSON of `diff --format json`: one edge a line, every integer exact.
import {
  type ClassTotals,
  type ComparedWindow,
  DIFF_CLASSES,
  type Difference,
  type DiffHead,
  type DiffTotals,
  type SideEdge,
} from '../../schemas/diff.ts';
import { headMembers } from '../answer-head.ts';
import { formatTime } from '../window.ts';
import { minutesOf } from './diff-windows.ts';

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

/** The members of an edge besides its nodes and action. There are many edges: nothing is made for them but their text. */
function sideMembers(edge: SideEdge): string {
  const { protocols, ports, flows, packets, bytes, bytes_observed, witnesses, start, stop } = edge;
  const sums = `"flows":${flows},"packets":${packets},"bytes":${bytes},"bytes_observed":${bytes_observed}`;
  return `"protocols":[${protocols}],"ports":[${ports}],${sums},"witnesses":${witnesses},"start":${start},"stop":${stop}`;
}

function differenceJson({ change, source, target, before, after, ratio }: Difference): string {
  const ends = `{"source":${JSON.stringify(source)},"target":${JSON.stringify(target)}`;
  const one = after ?? before;
  if (one === null) throw new TypeError('a difference has an edge');
  if (before === null || after === null) return `${ends},"action":${JSON.stringify(one.action)},${sideMembers(one)}}`;
  const sides = `"before":{${sideMembers(before)}},"after":{${sideMembers(after)}}`;
  if (change === 'changed') return `${ends},"action":${JSON.stringify(one.action)},${sides},"ratio":${ratio}}`;
  const actions = `"before":${JSON.stringify(before.action)},"after":${JSON.stringify(after.action)}`;
  return `${ends},${actions},"ratio":${ratio},"edges":{${sides}}}`;
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
  differences: AsyncIterable<readonly Difference[]>,
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
    let text = '';
    for (const difference of some) {
      text += `${until(DIFF_CLASSES.indexOf(difference.change))}${separator}${differenceJson(difference)}`;
      separator = ',\n';
    }
    yield text;
  }
  yield `${until(DIFF_CLASSES.length - 1)}${separator === '\n' ? '' : '\n'}],\n`;
  yield `"others":${json({ nodes: totals.others })},\n"totals":${totalsJson(totals)}}\n`;
}
