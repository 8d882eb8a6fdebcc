// `vpcflow up`: everything on one machine: local Kinesis, simulated traffic and findings, the digest consumer, the mirror
// consumer in plan mode, and the query server.
import { hostname } from 'node:os';
import type { Envelope } from '../pipeline/simulation/envelopes.ts';
import { SIMULATED_FORMAT } from '../pipeline/simulation/record.ts';
import { LOG_GROUP } from '../pipeline/simulation/world.ts';
import { formatTime } from '../pipeline/window/window.ts';
import type { RecordProcessor, ShardHistory } from '../schemas/processor.ts';
import type { Settings } from '../schemas/settings.ts';
import type { ObjectStore } from '../schemas/store.ts';
import { DigestProcessor } from './digest/processor.ts';
import { configurationOf } from './query/configuration.ts';
import { startQueryServer } from './query/server/server.ts';
import type { CommandContext, Run } from './shared/command.ts';
import { readSettings } from './shared/decoding-settings.ts';
import { EVENTS, FLOWS } from './shared/embedded/local-engine.ts';
import { acquireRunLock, type RunLock } from './shared/embedded/run-lock.ts';
import { stateDirectory } from './shared/embedded/state-directory.ts';
import { storyAnchor } from './shared/embedded/story-anchor.ts';
import type { StreamIdentity } from './shared/kinesis.ts';
import { runEvents, runTraffic } from './shared/simulated-traffic.ts';
import { DirectoryStore } from './shared/store/directory.ts';
import { ensureLayout } from './shared/store/layout.ts';
import { type LocalEngines, startEngines } from './up-engines.ts';
import { openMirror } from './up-mirror.ts';
import { firstDigest, mirrorLog, type Place, Tally, Terminal, welcome } from './up-terminal.ts';

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
  const { state, store, lock, terminal, url } = parts;
  const tally = new Tally();
  let place: Place | null = null; // once it is up
  const announce = once(() => (place === null || tally.flows === 0 ? null : firstDigest(place)), terminal);
  const mirror = await openMirror({ options, store, clock, log: mirrorLog(terminal, () => place) });
  const engines = await startEngines(
    { state, store, clock },
    { flows: digestProcessors(context, parts, tally, announce), events: () => mirror.createProcessor() },
  );
  const ending = new AbortController();
  let lookedAfter: Promise<void> | null = null;
  try {
    if (lock.killedAbout !== null) terminal.say(afterKill(lock.killedAbout, engines.restored?.lastArrival ?? null));
    const rate = options.traffic === 'simulated' ? options.rate : null;
    const [script, data, { endpoint }] = [process.argv[1] ?? '', options.data, engines];
    place = { script, data, url, endpoint, stream: FLOWS.name, events: EVENTS.name, rate };
    terminal.say(welcome(place));
    announce();
    lookedAfter = mirror.lookAfter(ending.signal);
    const heart = async (): Promise<void> => {
      while (!signal.aborted) {
        await lock.beat();
        terminal.status(tally);
        await engines.maintain();
        await clock.sleep(HEARTBEAT_MS, signal);
      }
    };
    const story = rate === null ? null : tell(context, state, engines, tally);
    await Promise.race([Promise.all([heart(), story]), engines.failed]);
    terminal.say('stopping: what has arrived is being committed');
    await Promise.race([engines.finish(), engines.failed]);
    terminal.status(tally);
  } finally {
    ending.abort();
    await engines.end();
    await lookedAfter;
    await mirror.close();
  }
};

/** Puts the story's traffic and events on their streams until the signal. */
const tell = async (
  { options, clock, signal }: CommandContext,
  state: string,
  { flows, events }: LocalEngines,
  tally: Tally,
): Promise<void> => {
  const { seed, rate } = options;
  const common = { anchor: await storyAnchor(state, clock), stop: Infinity, clock, signal };
  const put = async (envelopes: readonly Envelope[]): Promise<void> => {
    await flows.put(envelopes);
    tally.put += envelopes.reduce((sum, one) => sum + one.lines, 0);
  };
  await Promise.all([
    runTraffic({ ...common, seed, rate, put }),
    runEvents({ ...common, put: (told) => events.put(told) }),
  ]);
};

/** Says what there is to say, as soon as there is something, and not again. */
const once = (text: () => string | null, terminal: Terminal): (() => void) => {
  let said = false;
  return () => {
    const found = said ? null : text();
    if (found === null) return;
    said = true;
    terminal.say(found);
  };
};

const digestProcessors =
  ({ options, clock }: CommandContext, { settings, store, terminal }: Parts, tally: Tally, announce: () => void) =>
  (stream: StreamIdentity, history: (shard: string) => ShardHistory): RecordProcessor =>
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
    });

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
