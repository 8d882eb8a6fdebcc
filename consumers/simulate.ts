// `vpcflow simulate`: turns a seed into traffic with a story, or the events that AWS would send of it, in a file (as fast
// as it can be written) or on a stream (as time passes).
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Envelope, Subscription } from '../pipeline/simulation/envelopes.ts';
import { type EventRecord, eventsOf } from '../pipeline/simulation/findings.ts';
import { SIMULATED, SIMULATED_FORMAT, VERSION_2 } from '../pipeline/simulation/record.ts';
import { Simulation } from '../pipeline/simulation/simulation.ts';
import { LOG_GROUP } from '../pipeline/simulation/world.ts';
import { parseTime } from '../pipeline/window/window.ts';
import { VpcflowError } from '../schemas/errors.ts';
import { DEFAULT_FORMAT } from '../schemas/fields.ts';
import type { CommandContext, Run } from './shared/command.ts';
import { identifyStream, kinesisClientFor } from './shared/kinesis.ts';
import { putRecords } from './shared/kinesis-writer.ts';
import { required } from './shared/options.ts';
import { runEvents, runTraffic } from './shared/simulated-traffic.ts';

interface Span {
  readonly seed: number;
  readonly rate: number;
  readonly start: number; // Unix seconds
  readonly stop: number; // Unix seconds, exclusive
}

/** `version account-id …`: the first line of an S3 object declares its format. */
const HEADER = DEFAULT_FORMAT.replaceAll(/\$\{|\}/g, '');

/** Version 2 text, as flow logs lie in S3. */
async function* text({ seed, rate, start, stop }: Span, signal: AbortSignal): AsyncIterable<string> {
  const simulation = new Simulation({ seed, rate, start, anchor: start, format: VERSION_2 });
  yield `${HEADER}\n`;
  while (simulation.second < stop) {
    if (signal.aborted) return;
    for (const { lines } of simulation.next()) yield `${lines.join('\n')}\n`;
  }
  for (const { lines } of simulation.flush()) yield `${lines.join('\n')}\n`;
}

/** gzip members back to back, as Firehose writes a log group's subscription to S3. */
async function* envelopes({ seed, rate, start, stop }: Span, signal: AbortSignal): AsyncIterable<Buffer> {
  const simulation = new Simulation({ seed, rate, start, anchor: start, format: SIMULATED });
  const subscription = new Subscription(seed, start);
  while (simulation.second < stop) {
    if (signal.aborted) return;
    for (const { data } of subscription.deliver(simulation.second, simulation.next())) yield data;
  }
  for (const { data } of subscription.deliver(simulation.second, simulation.flush())) yield data;
}

/** The events of the story that begins with the span, a line each. */
async function* events({ start, stop }: Span, signal: AbortSignal): AsyncIterable<string> {
  for (let second = start; second < stop && !signal.aborted; second++) {
    for (const { data } of eventsOf(second, start)) yield `${data.toString()}\n`;
  }
}

const SOURCES = { v2: text, envelopes, events } as const;

const toFile = async ({ options, stdout, clock, signal }: CommandContext): Promise<void> => {
  const seconds = Math.floor(options.duration / 1000);
  const now = clock.now();
  // Without --start the traffic ends about now, and begins with a minute.
  const begin = options.start === null ? now - options.duration : parseTime(options.start, now, 'start');
  const start = Math.floor(begin / 60_000) * 60;
  const span: Span = { seed: options.seed, rate: options.rate, start, stop: start + seconds };
  const source = Readable.from(SOURCES[options.simulateFormat](span, signal));
  try {
    if (options.out === null) await pipeline(source, stdout, { end: false });
    else await pipeline(source, createWriteStream(options.out));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new VpcflowError('VF_SOURCE_UNREADABLE', `${options.out ?? 'standard output'} cannot be written: ${why}`, {
      cause,
      help: 'check the path, its permissions and free space',
    });
  }
};

/** The lines have a custom format: without it `digest` rejects every one. The second line is the whole file. */
const howToRead = (stream: string): string =>
  `its lines are read with: vpcflow digest --stream ${stream} --formats FILE; in FILE the LogFormat of their log group:\n` +
  `${JSON.stringify({ [LOG_GROUP]: SIMULATED_FORMAT })}\n`;

const toStream = async ({ options, stderr, clock, signal }: CommandContext): Promise<void> => {
  const named = required(options.stream, 'stream');
  const client = kinesisClientFor(named);
  try {
    const stream = await identifyStream(client, named);
    const start = Math.floor(clock.now() / 1000);
    const stop = start + Math.floor(options.duration / 1000);
    if (options.simulateFormat === 'events') {
      let told = 0;
      const put = async (some: readonly EventRecord[]): Promise<void> => {
        await putRecords(client, stream, some, clock);
        told += some.length;
      };
      await runEvents({ anchor: start, stop, clock, signal, put });
      stderr.write(`${told} events put to ${stream.name}\n`);
      return;
    }
    stderr.write(howToRead(stream.name));
    let [records, lines] = [0, 0];
    const put = async (envelopes: readonly Envelope[]): Promise<void> => {
      await putRecords(client, stream, envelopes, clock);
      records += envelopes.length;
      lines += envelopes.reduce((sum, one) => sum + one.lines, 0);
    };
    await runTraffic({ seed: options.seed, rate: options.rate, anchor: start, stop, clock, signal, put });
    stderr.write(`${lines} lines in ${records} records put to ${stream.name}\n`);
  } finally {
    client.destroy();
  }
};

export const run: Run = async (context) => {
  await (context.options.to === 'stream' ? toStream(context) : toFile(context));
  return 0;
};
