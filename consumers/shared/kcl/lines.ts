// Turns a stream of bytes into lines of text of bounded length: they end at `\n`, and at nothing else.

/** Stands at the end of a line that was longer. */
const CUT = '…';

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Hands on what stands after the last `\n`. */
  end(): void;
}

/** Hands each line to `onLine`, without its end. One of more than `most` bytes comes cut: nothing grows without bound. */
export const splitLines = (most: number, onLine: (line: string) => void): LineSplitter => {
  let parts: Buffer[] = [];
  let size = 0; // bytes of the line so far, those dropped included
  const add = (part: Buffer): void => {
    if (size < most && part.length > 0) parts.push(part.subarray(0, most - size));
    size += part.length;
  };
  const finish = (): void => {
    const text = Buffer.concat(parts).toString('utf8');
    const cut = size > most;
    [parts, size] = [[], 0];
    onLine(cut ? text + CUT : text);
  };
  return {
    push: (chunk) => {
      let from = 0;
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
        add(chunk.subarray(from, at));
        finish();
        from = at + 1;
      }
      // A copy: a small rest must not hold on to the whole chunk that it came with.
      add(Buffer.from(chunk.subarray(from)));
    },
    end: () => {
      if (size > 0) finish();
    },
  };
};
