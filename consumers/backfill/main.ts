// `vpcflow backfill`: files of flow logs into the store, each content once, on all cores.
import { availableParallelism } from 'node:os';
import type { Counts } from '../../schemas/counts.ts';
import { type ErrorCode, VpcflowError } from '../../schemas/errors.ts';
import type { Settings } from '../../schemas/settings.ts';
import type { CommandContext, Run } from '../shared/command.ts';
import { readSettings } from '../shared/decoding-settings.ts';
import { ensureLayout } from '../shared/store/layout.ts';
import { openStore } from '../shared/store/open.ts';
import { Lane, type LaneSetup } from './lane.ts';
import type { LoadedObject } from './load-object.ts';
import { showProgress } from './progress.ts';
import { listSources, type SourceFile } from './sources.ts';
import { summarize } from './summary.ts';

/** What one thread may come to hold: the rows of two parts and what they are encoded into. */
const LANE_MEMORY = 512 * 1024 * 1024; // bytes

/** Problems of one file; with any other the store cannot be trusted to take the next one. */
const OF_ONE_FILE: readonly ErrorCode[] = ['VF_SOURCE_UNREADABLE', 'VF_NAME_REUSED', 'VF_DECODER_VERSION'];

const KNOWN: Promise<LoadedObject> = Promise.resolve({ outcome: 'known', parts: [] });

const laneCount = (files: number): number =>
  Math.max(1, Math.min(files, availableParallelism(), Math.floor(process.availableMemory() / LANE_MEMORY)));

export const run: Run = async (context: CommandContext) => {
  const { options, args, stderr, clock, signal } = context;
  const settings: Settings = { ...(await readSettings(options)), logGroup: options.logGroup };
  const store = await openStore(options.store);
  const { files, problems: unlisted } = await listSources(args, options.store);
  const problems = [...unlisted];
  if (files.length > 0 && !options.dryRun) await ensureLayout(store);
  const began = clock.now();
  const parts: Counts[] = [];
  const reading = new Map<string, Promise<unknown>>(); // by identity: who read it first
  const done = { loaded: 0, known: 0, failed: problems.length, bytes: 0 };
  const say = (problem: VpcflowError): unknown => stderr.write(`vpcflow: ${problem.sentence}\n`);
  const progress = await showProgress(stderr, 2 * files.reduce((sum, { size }) => sum + size, 0));

  const loadFile = async (lane: Lane, { path, size }: SourceFile): Promise<void> => {
    const object = await lane.identify(path);
    const first = reading.get(object.identity);
    // A copy waits for the first, then is known; its name is recorded all the same.
    if (first !== undefined) await first;
    const load = options.dryRun && first !== undefined ? KNOWN : lane.load(path, path, object);
    reading.set(
      object.identity,
      load.catch(() => {}),
    );
    const { outcome, parts: committed } = await load;
    if (outcome === 'known') {
      done.known++;
      progress.add(size);
    } else {
      done.loaded++;
      done.bytes += object.size;
    }
    parts.push(...committed);
  };

  const queue = files.values();
  const setup: LaneSetup = { store: options.store, settings, asNew: options.asNew, dryRun: options.dryRun };
  const lanes = Array.from({ length: laneCount(files.length) }, () => new Lane(setup, progress.add));
  const stop = (): void => void Promise.all(lanes.map((lane) => lane.close()));
  signal.addEventListener('abort', stop);
  try {
    const drain = async (lane: Lane): Promise<void> => {
      for (const file of queue) {
        if (signal.aborted) return;
        try {
          await loadFile(lane, file);
        } catch (error) {
          if (signal.aborted) return;
          if (!(error instanceof VpcflowError) || !OF_ONE_FILE.includes(error.code)) throw error;
          done.failed++;
          problems.push(error);
        }
      }
    };
    await Promise.all(lanes.map(drain));
  } finally {
    signal.removeEventListener('abort', stop);
    await Promise.all(lanes.map((lane) => lane.close()));
    progress.stop();
  }
  problems.forEach(say);
  const seconds = Math.max(clock.now() - began, 1) / 1000;
  stderr.write(`${summarize({ ...done, seconds, parts }, options.dryRun)}\n`);
  if (signal.aborted) stderr.write('vpcflow: interrupted; run it again to go on where it stopped\n');
  return done.failed > 0 || signal.aborted ? 1 : 0;
};
