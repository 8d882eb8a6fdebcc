// `vpcflow up`: everything on one machine: local Kinesis, simulated traffic, the digest consumer and the query server.
import { hostname } from 'node:os';
import type { Envelope } from '../pipeline/simulation/envelopes.ts';
import { SIMULATED_FORMAT } from '../pipeline/simulation/record.ts';
import { LOG_GROUP } from '../pipeline/simulation/world.ts';
import { formatTime } from '../pipeline/window/window.ts';
import type { Settings } from '../schemas/settings.ts';
import type { ObjectStore } from '../schemas/store.ts';
import { DigestProcessor } from './digest/processor.ts';
import { configurationOf } from './query/configuration.ts';
import { startQueryServer } from './query/server/server.ts';
import type { CommandContext, Run } from './shared/command.ts';
import { readSettings } from './shared/decoding-settings.ts';
import { LOCAL_STREAM, LocalEngine } from './shared/embedded/local-engine.ts';
import { acquireRunLock, type RunLock } from './shared/embedded/run-lock.ts';
import { stateDirectory } from './shared/embedded/state-directory.ts';
import { storyAnchor } from './shared/embedded/story-anchor.ts';
import { runTraffic } from './shared/simulated-traffic.ts';
import { DirectoryStore } from './shared/store/directory.ts';
import { ensureLayout } from './shared/store/layout.ts';
import { firstDigest, type Place, Tally, Terminal, welcome } from './up-terminal.ts';

const HEARTBEAT_MS = 1_000;

export const run: Run = async (context) => {
  const { options, clock, stderr } = context;
  const settings = await settingsOf(context);
  const state = stateDirectory(options.data, options.data);
  const lock = await acquireRunLock(state, clock);
  const terminal = new Terminal(stderr);
  let clean = false;
  try {
    const store = new DirectoryStore(options.data);
    await ensureLayout(store);
    // First of all, so that a taken port is known before anything is begun.
    const server = await startQueryServer({ ...configurationOf(options), store, clock });
    try {
      await live(context, { settings, state, store, lock, terminal, url: server.url });
      clean = true;
    } finally {
      await server.close();
    }
    return 0;
  } finally {
    terminal.end();
    await lock.release(clean);
  }
};

interface Parts {
  readonly settings: Settings;
  readonly state: string;
  readonly store: ObjectStore;
  readonly lock: RunLock;
  readonly terminal: Terminal;
  readonly url: string;
}

/** From the start of the local Kinesis to the signal and the last commit. Rejects with the first failure of any part. */
const live = async (context: CommandContext, parts: Parts): Promise<void> => {
  const { options, clock, signal } = context;
  const { settings, state, store, lock, terminal, url } = parts;
  const tally = new Tally();
  let place: Place | null = null; // once it is up
  let announced = false;
  const announce = (): void => {
    if (announced || place === null || tally.flows === 0) return;
    announced = true;
    terminal.say(firstDigest(place));
  };
  const { engine, restored } = await LocalEngine.start({
    ...{ state, store, clock },
    createProcessor: (stream, history) =>
      new DigestProcessor({
        ...{ store, stream: stream.id, settings, workerId: options.workerId ?? hostname(), clock, history },
        observer: {
          committed: ({ output: { counts } }) => {
            tally.committed(counts);
            announce();
          },
          watermark: (shard, ms) => tally.watermark(shard, ms),
          checkpointFailed: (shard, error) =>
            terminal.say(`the checkpoint of ${shard} was not stored; nothing is lost: ${error}`),
        },
      }),
  });
  try {
    if (lock.killedAbout !== null) terminal.say(afterKill(lock.killedAbout, restored?.lastArrival ?? null));
    const rate = options.traffic === 'simulated' ? options.rate : null;
    const [script, data] = [process.argv[1] ?? '', options.data];
    place = { script, data, url, endpoint: engine.endpoint, stream: LOCAL_STREAM, rate };
    terminal.say(welcome(place));
    announce();
    const heart = async (): Promise<void> => {
      while (!signal.aborted) {
        await lock.beat();
        terminal.status(tally);
        await engine.maintain();
        await clock.sleep(HEARTBEAT_MS, signal);
      }
    };
    const traffic = async (): Promise<void> => {
      if (rate === null) return;
      const anchor = await storyAnchor(state, clock);
      const { seed } = options;
      const put = async (envelopes: readonly Envelope[]): Promise<void> => {
        await engine.put(envelopes);
        tally.put += envelopes.reduce((sum, one) => sum + one.lines, 0);
      };
      await runTraffic({ seed, rate, anchor, stop: Infinity, clock, signal, put });
    };
    await Promise.race([Promise.all([heart(), traffic()]), engine.failed]);
    terminal.say('stopping: what has arrived is being committed');
    await Promise.race([engine.stop(), engine.failed]);
    terminal.status(tally);
  } catch (error) {
    await engine.kill();
    throw error;
  }
};

/** The simulated log group declares its own format; others are declared by the options. */
const settingsOf = async ({ options }: CommandContext): Promise<Settings> => {
  const settings = await readSettings(options);
  return { ...settings, formats: [{ logGroup: LOG_GROUP, format: SIMULATED_FORMAT }, ...settings.formats] };
};

/** What a kill may have cost, in one sentence. */
const afterKill = (cutOff: number, saved: number | null): string => {
  const until =
    saved === null ? 'held nothing that was not committed' : `had saved what arrived until ${formatTime(saved)}`;
  return (
    `the last run was cut off about ${formatTime(Math.floor(cutOff / 1000) * 1000)}: its local Kinesis ${until}, ` +
    'and what came later and was not committed is lost; nothing that was committed has changed, and nothing counts twice'
  );
};
