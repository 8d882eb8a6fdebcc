// Turns a state directory into a local Kinesis with an engine on each of its streams: flow logs, and events.
import { join } from 'node:path';
import { EVENTS, FLOWS, LocalEngine, type LocalEngineOptions, type Restored } from './shared/embedded/local-engine.ts';
import { startLocalKinesis } from './shared/embedded/local-kinesis.ts';

type CreateProcessor = LocalEngineOptions['createProcessor'];

export interface LocalEngines {
  readonly endpoint: string;
  readonly flows: LocalEngine;
  readonly events: LocalEngine;
  /** What the flow-log stream held; null: there was none. */
  readonly restored: Restored | null;
  /** Rejects when the local Kinesis or a processor fails; never resolves. */
  readonly failed: Promise<never>;
  /** To be called now and then. */
  maintain(): Promise<void>;
  /** Everything that was put is processed and committed. Nothing may be put any more. */
  finish(): Promise<void>;
  /** Ends all of it, whatever state it is in. */
  end(): Promise<void>;
}

type Place = Pick<LocalEngineOptions, 'state' | 'store' | 'clock'>;

/** Both engines at once; what a former run left is processed first. Rejects with VF_STREAM, or what a processor fails with. */
export const startEngines = async (
  place: Place,
  processors: { readonly flows: CreateProcessor; readonly events: CreateProcessor },
): Promise<LocalEngines> => {
  const kinesis = await startLocalKinesis(join(place.state, 'kinesis'));
  const starting = [
    LocalEngine.start({ ...place, kinesis, stream: FLOWS, createProcessor: processors.flows }),
    LocalEngine.start({ ...place, kinesis, stream: EVENTS, createProcessor: processors.events }),
  ] as const;
  const end = async (): Promise<void> => {
    for (const started of await Promise.allSettled(starting)) {
      if (started.status === 'fulfilled') await started.value.engine.kill();
    }
    await kinesis.stop();
  };
  try {
    const [{ engine: flows, restored }, { engine: events }] = await Promise.all(starting);
    const failed = Promise.race([flows.failed, events.failed]);
    failed.catch(() => {}); // whoever awaits it learns of it
    return {
      ...{ endpoint: kinesis.place.endpoint, flows, events, restored, failed, end },
      maintain: async () => {
        await flows.maintain();
        await events.maintain();
      },
      finish: async () => {
        await Promise.all([flows.stop(), events.stop()]);
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
};
