// Turns what a part has in common with other feeds into the message with which it is refused.
import type { InterfaceMinutes } from '../../schemas/chain.ts';
import { formatTime } from '../window.ts';

export interface OverlapFacts {
  /** Of the object. */
  readonly name: string;
  readonly part: number; // 0-based
  readonly firstLine: number; // 0-based
  /** Lines of the part whose interface-minutes another feed has, and all of its lines. */
  readonly overlapping: number;
  readonly lines: number;
  readonly skip: readonly InterfaceMinutes[];
  readonly feeds: readonly string[];
}

const NAMED = 3;

const number = (value: number): string => value.toLocaleString('en-US');

/** The first few and how many more. */
const some = (all: readonly string[]): string =>
  all.length <= NAMED + 1 ? all.join(', ') : `${all.slice(0, NAMED).join(', ')} and ${number(all.length - NAMED)} more`;

/** From the first minute to the end of the last, in RFC 3339. */
const span = (skip: readonly InterfaceMinutes[]): string => {
  let [first, stop] = [Number.POSITIVE_INFINITY, 0];
  for (const { runs } of skip) {
    first = Math.min(first, runs[0]?.[0] ?? first);
    const last = runs.at(-1);
    if (last !== undefined) stop = Math.max(stop, last[0] + last[1] * 60);
  }
  return `${formatTime(first * 1000)} to ${formatTime(stop * 1000)}`;
};

/** `name: 12 of 40 lines are of interface-minutes that … has, too: eni-1, eni-2, from … to …`. */
export const overlapSentence = ({ name, part, firstLine, overlapping, lines, skip, feeds }: OverlapFacts): string => {
  const where = part === 0 ? name : `${name} from line ${number(firstLine + 1)} on (what is before it is in the store)`;
  const interfaces = [...new Set(skip.map(({ interface: iface }) => iface ?? '-'))];
  const have = feeds.length === 1 ? 'has' : 'have';
  return (
    `${where}: ${number(overlapping)} of ${number(lines)} lines are of interfaces and minutes that ${some(feeds)} ${have}, too ` +
    `(${some(interfaces)}; ${span(skip)})`
  );
};

/** The same where only open epochs have some of it: what is left out now would be missing if they were given up. */
export const openSentence = (facts: OverlapFacts): string =>
  `${overlapSentence(facts)}, in what was claimed and is not committed yet`;
