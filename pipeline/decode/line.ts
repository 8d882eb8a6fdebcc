// Turns the bytes of one flow-log line into a Flow. The hottest loop of all, so it is one pass over the bytes with no
// allocation and no string for a good line (measured twice as fast as splitting a string, which checks nothing yet);
// test/reference/line.ts says the same plainly, and a property test compares the two.
import type { LineReason } from '../../schemas/rejects.ts';
import type { Settings } from '../../schemas/settings.ts';
import { type Flow, NULL } from '../flow.ts';
import type { Format } from '../formats/format.ts';
import {
  type LinePlan,
  planLine,
  STEP_ACTION,
  STEP_ADDRESS,
  STEP_END,
  STEP_FLAGS,
  STEP_KEY,
  STEP_SKIP,
  STEP_START,
  STEP_STATUS,
  STEP_SUM,
  STEP_TAG,
} from './line-plan.ts';
import { explainTime, explainToken, isTime } from './line-reject.ts';
import { scanNumber } from './number.ts';
import { PortFolding } from './ports.ts';
import { PENDING, type TextPool, TokenTexts } from './token-texts.ts';
import { hasUsualLines, UsualLine } from './usual-line.ts';

/** The times that a line may take where its format has none of its own. */
export interface LineTime {
  readonly eventTime: number; // the envelope's timestamp, Unix ms, or -1
  readonly arrival: number; // Unix ms, or -1
  readonly latestStart: number; // Unix seconds, inclusive; Infinity outside the stream
}

export const LINE_OK = 0;
export const LINE_NODATA = 1;
export const LINE_SKIPDATA = 2;
export const LINE_REJECT = 3;

export type LineOutcome = typeof LINE_OK | typeof LINE_NODATA | typeof LINE_SKIPDATA | typeof LINE_REJECT;

const SPACE = 0x20;
const HYPHEN = 0x2d;

const ACCEPT = new TextEncoder().encode('ACCEPT');
const REJECT = new TextEncoder().encode('REJECT');
const OK = new TextEncoder().encode('OK');
const NODATA = new TextEncoder().encode('NODATA');
const SKIPDATA = new TextEncoder().encode('SKIPDATA');
const STATUS_BYTES = [OK.length, NODATA.length, SKIPDATA.length]; // by outcome

/** Whether the token at `pos` is exactly `word`. */
const isWord = (buf: Uint8Array, pos: number, end: number, word: Uint8Array): boolean => {
  const stop = pos + word.length;
  if (stop > end || (stop < end && buf[stop] !== SPACE)) return false;
  for (let i = 0; i < word.length; i++) if (buf[pos + i] !== word[i]) return false;
  return true;
};

const statusOf = (buf: Uint8Array, pos: number, end: number): LineOutcome => {
  if (isWord(buf, pos, end, OK)) return LINE_OK;
  if (isWord(buf, pos, end, NODATA)) return LINE_NODATA;
  return isWord(buf, pos, end, SKIPDATA) ? LINE_SKIPDATA : LINE_REJECT;
};

/** The time of a line whose format has no `start`, Unix seconds: its end, its envelope's timestamp, its arrival, or NULL. */
const momentOf = (to: number, time: LineTime): number => {
  if (to !== NULL) return to;
  if (time.eventTime >= 0) return Math.floor(time.eventTime / 1000);
  return time.arrival >= 0 ? Math.floor(time.arrival / 1000) : NULL;
};

/**
 * Reads lines of one format. Rejected are, the first that applies: a number of tokens other than the format's; the
 * first token from the left that is not what its field holds; a time that is missing or out of range. `-` is NULL for
 * every field but log-status. An action other than ACCEPT, REJECT and `-` is an unknown status like any other; bytes
 * that are not UTF-8 are no text, so that no format applies to them (`no_format`). Tokens of unknown fields may be
 * anything.
 */
export class LineReader {
  readonly format: Format;
  /** Why the last rejected line was one. */
  reason: LineReason = 'decoder_error';
  detail = '';
  private readonly plan: LinePlan;
  private readonly ports: PortFolding;
  private readonly texts: TokenTexts;
  private readonly numbers: Float64Array;
  private readonly usual: UsualLine | null;

  constructor(format: Format, settings: Pick<Settings, 'ports' | 'servicePorts'>) {
    this.format = format;
    this.plan = planLine(format);
    this.ports = new PortFolding(settings);
    this.texts = new TokenTexts(format.fields.length);
    this.numbers = new Float64Array(format.fields.length);
    this.usual = hasUsualLines(format) ? new UsualLine(this.texts) : null;
  }

  /**
   * Reads `buf[start, end)`, a line without its line end, into `flow`, interning its texts in `pool`. For NODATA and
   * SKIPDATA the flow says which minute, times, account and interface. After LINE_REJECT `reason` and `detail` say why;
   * the flow then holds nothing of use, and the pool nothing new. Never throws for what the line contains.
   */
  read(buf: Uint8Array, start: number, end: number, time: LineTime, pool: TextPool, flow: Flow): LineOutcome {
    const { steps, targets, limits } = this.plan;
    const { texts, numbers } = this;
    const { ids } = texts;
    const { keys } = flow;
    const count = steps.length;
    texts.use(pool);
    if (flow.columns !== this.plan.columns) this.claim(flow);
    const { usual } = this;
    if (usual?.read(buf, start, end, time.latestStart, pool, flow)) {
      this.ports.fold(keys, usual.rejected);
      return LINE_OK;
    }
    let outcome: LineOutcome = LINE_OK;
    let rejected = false;
    let from = NULL;
    let to = NULL;
    let flags = NULL;
    let pos = start;
    for (let at = 0; at < count; at++) {
      while (pos < end && buf[pos] === SPACE) pos++;
      if (pos >= end) return this.rejectToken(at, buf, start, end, pos);
      const step = steps[at];
      const absent = buf[pos] === HYPHEN && (pos + 1 === end || buf[pos + 1] === SPACE);
      let next = pos + 1;
      if (step >= STEP_KEY) {
        if (absent) {
          numbers[at] = NULL;
        } else {
          next = scanNumber(buf, pos, end, limits[at], numbers, at);
          if (next < 0 || (next < end && buf[next] !== SPACE)) return this.rejectToken(at, buf, start, end, pos);
        }
        if (step === STEP_KEY) keys[targets[at]] = numbers[at];
        else if (step === STEP_SUM) flow.sums[targets[at]] = numbers[at];
        else if (step === STEP_START) from = numbers[at];
        else if (step === STEP_END) to = numbers[at];
        else if (step === STEP_FLAGS) flags = numbers[at];
      } else if (step === STEP_STATUS) {
        outcome = statusOf(buf, pos, end);
        if (outcome === LINE_REJECT) return this.rejectToken(at, buf, start, end, pos);
        next = pos + STATUS_BYTES[outcome];
      } else if (step === STEP_SKIP) {
        while (next < end && buf[next] !== SPACE) next++;
      } else if (absent) {
        ids[at] = NULL;
      } else {
        if (step === STEP_ADDRESS) {
          next = texts.scanAddress(buf, pos, end, at);
        } else {
          if (step === STEP_ACTION) {
            rejected = isWord(buf, pos, end, REJECT);
            if (!rejected && !isWord(buf, pos, end, ACCEPT)) return this.rejectToken(at, buf, start, end, pos);
          }
          next = texts.scanText(buf, pos, end, at, step === STEP_TAG);
        }
        if (next < 0) return this.rejectToken(at, buf, start, end, pos);
      }
      pos = next;
    }
    while (pos < end && buf[pos] === SPACE) pos++;
    if (pos < end) return this.rejectToken(count, buf, start, end, pos);

    const moment = this.plan.hasStart ? from : momentOf(to, time);
    if (!isTime(moment) || moment > time.latestStart || (to !== NULL && !isTime(to))) {
      return this.rejectTime(moment, to, time.latestStart);
    }
    const interned = this.plan.texts;
    for (let i = 0; i < interned.length; i++) {
      const at = interned[i];
      const id = ids[at];
      keys[targets[at]] = id === PENDING ? texts.resolve(buf, at, pool) : id;
    }
    flow.minute = Math.trunc(moment / 60);
    flow.start = from;
    flow.end = to;
    flow.tcpFlags = flags;
    if (outcome === LINE_OK) {
      usual?.learn(buf, start, end, pool, flow);
      this.ports.fold(keys, rejected);
    }
    return outcome;
  }

  /** Makes the flow one of this format: the words that it cannot set are NULL. */
  private claim(flow: Flow): void {
    flow.keys.fill(NULL);
    flow.sums.fill(NULL);
    flow.columns = this.plan.columns;
  }

  private rejectToken(at: number, buf: Uint8Array, start: number, end: number, pos: number): typeof LINE_REJECT {
    const { reason, detail } = explainToken(this.format, at, buf, start, end, pos);
    this.reason = reason;
    this.detail = detail;
    return LINE_REJECT;
  }

  private rejectTime(moment: number, to: number, latest: number): typeof LINE_REJECT {
    this.reason = 'bad_time';
    this.detail = explainTime(moment, to, latest);
    return LINE_REJECT;
  }
}
