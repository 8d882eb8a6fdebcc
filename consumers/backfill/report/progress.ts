// Shows how much of the work is done as a bar, where standard error is a terminal; nowhere else.
import type { Clock } from '../../../schemas/clock.ts';
import { isTerminal } from '../../shared/terminal.ts';
import { size } from './summary.ts';

export interface Progress {
  /** Work there is to do. */
  readonly expect: (bytes: number) => void;
  /** Everything is listed: no more work is found. */
  readonly allListed: () => void;
  readonly add: (bytes: number) => void;
  readonly addObject: () => void;
  readonly stop: () => void;
}

/** Bytes are gone over twice: once to identify or fetch them, once to decode them. */
const PASSES = 2;

export interface Work {
  readonly expected: number; // bytes, over all passes
  readonly done: number; // bytes
  readonly objects: number;
  readonly listed: boolean;
  readonly seconds: number;
}

const clock = (seconds: number): string => {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

/** What stands beside the bar: how much of what is known so far, how fast, and, once all is listed, how long yet. */
export const progressText = ({ expected, done, objects, listed, seconds }: Work): string => {
  const share = expected === 0 ? 0 : Math.min(done / expected, 1);
  const speed = done / PASSES / Math.max(seconds, 0.001);
  const total = `${listed ? '' : '≥ '}${size(expected / PASSES)}`;
  const rate = `${size(speed)}/s, ${(objects / Math.max(seconds, 0.001)).toFixed(1)} objects/s`;
  const left = listed && done > 0 ? ` | ${clock((seconds * Math.max(expected - done, 0)) / done)} left` : '';
  return `${Math.floor(share * 100)}% of ${total} | ${rate}${left}`;
};

const NONE: Progress = { expect: () => {}, allListed: () => {}, add: () => {}, addObject: () => {}, stop: () => {} };

export const showProgress = async (stream: NodeJS.WritableStream, time: Clock): Promise<Progress> => {
  if (!isTerminal(stream)) return NONE;
  const { Presets, SingleBar } = await import('cli-progress');
  const work = { expected: 0, done: 0, objects: 0, listed: false };
  const began = time.now();
  const format = () => progressText({ ...work, seconds: (time.now() - began) / 1000 });
  const options = { stream, format: ' {bar} {text}', barsize: 16, clearOnComplete: true, hideCursor: true };
  const bar = new SingleBar(options, Presets.shades_classic);
  bar.start(1, 0, { text: '' });
  const show = (): void => {
    bar.setTotal(Math.max(work.expected, 1));
    bar.update(Math.min(work.done, work.expected), { text: format() });
  };
  return {
    expect: (bytes) => {
      work.expected += PASSES * bytes;
      show();
    },
    allListed: () => {
      work.listed = true;
      show();
    },
    add: (bytes) => {
      work.done += bytes;
      show();
    },
    addObject: () => {
      work.objects++;
      show();
    },
    stop: () => bar.stop(),
  };
};
