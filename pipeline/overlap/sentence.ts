// Turns what a part has in common with other feeds into the message with which it is refused.
import type { InterfaceMinutes } from '../../schemas/chain.ts';
import { formatCount } from '../quantities.ts';
import { formatTime } from '../window/window.ts';
import type { Feed } from './feed.ts';

export interface OverlapFacts {
  /** Of the object. */
  readonly name: string;
  readonly part: number; // 0-based
  readonly firstLine: number; // 0-based
  /** Lines of the part whose interface-minutes another feed has, and all of its lines. */
  readonly overlapping: number;
  readonly lines: number;
  readonly skip: readonly InterfaceMinutes[];
  readonly feeds: readonly Feed[];
}

const NAMED = 3;

/** The first few and how many more. */
const some = (all: readonly string[]): string =>
  all.length <= NAMED + 1
    ? all.join(', ')
    : `${all.slice(0, NAMED).join(', ')} and ${formatCount(all.length - NAMED)} more`;

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

/** `1,200 of 4,000 lines are of interfaces and minutes`; an object of one line has no `1 of 1 lines`. */
const share = (overlapping: number, lines: number): string => {
  if (lines === 1) return 'its only line is of an interface and minute';
  const are = overlapping === 1 ? 'is of an interface and minute' : 'are of interfaces and minutes';
  return `${formatCount(overlapping)} of ${formatCount(lines)} lines ${are}`;
};

/** `name: 12 of 40 lines are of interfaces and minutes that feed "…" has, too (eni-1, eni-2; from … to …)`. */
export const overlapSentence = ({ name, part, firstLine, overlapping, lines, skip, feeds }: OverlapFacts): string => {
  const from = `${name} from line ${formatCount(firstLine + 1)} on (what is before it is in the store)`;
  const interfaces = [...new Set(skip.map(({ interface: iface }) => iface ?? '-'))];
  const have = feeds.length === 1 ? 'has' : 'have';
  return (
    `${part === 0 ? name : from}: ${share(overlapping, lines)} that ${some(feeds)} ${have}, too ` +
    `(${some(interfaces)}; ${span(skip)})`
  );
};

/** The same where only open epochs have some of it: what is left out now would be missing if they were given up. */
export const openSentence = (facts: OverlapFacts): string =>
  `${overlapSentence(facts)}, in what was claimed and is not committed yet`;
