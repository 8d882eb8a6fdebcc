// Shows how many sources were gone through, where standard error is a terminal; nowhere else.
import { formatMany } from '../../pipeline/quantities.ts';
import { isTerminal } from '../shared/terminal.ts';

export interface Progress {
  readonly add: (rejects: number) => void;
  readonly stop: () => void;
}

/** Sources have no end that is known before, so there is no bar: `add` is called once for each of them. */
export const showProgress = (stream: NodeJS.WritableStream): Progress => {
  if (!isTerminal(stream)) return { add: () => {}, stop: () => {} };
  let [sources, rejects] = [0, 0];
  return {
    add: (count) => {
      sources++;
      rejects += count;
      stream.write(`\r${formatMany(sources, 'source')}, ${formatMany(rejects, 'reject')}`);
    },
    stop: () => void stream.write('\r\u001b[K'),
  };
};
