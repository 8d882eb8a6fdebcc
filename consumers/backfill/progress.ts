// Shows how much of the work is done as a bar, where standard error is a terminal; nowhere else.

export interface Progress {
  readonly add: (bytes: number) => void;
  readonly stop: () => void;
}

const isTerminal = (stream: NodeJS.WritableStream): boolean => 'isTTY' in stream && stream.isTTY === true;

/** @param total bytes that will be added in all. */
export const showProgress = async (stream: NodeJS.WritableStream, total: number): Promise<Progress> => {
  if (!isTerminal(stream) || total === 0) return { add: () => {}, stop: () => {} };
  const { Presets, SingleBar } = await import('cli-progress');
  const format = ' {bar} {percentage}% | {eta_formatted} left';
  const bar = new SingleBar({ stream, format, clearOnComplete: true, hideCursor: true }, Presets.shades_classic);
  bar.start(total, 0);
  return { add: (bytes) => bar.increment(bytes), stop: () => bar.stop() };
};
