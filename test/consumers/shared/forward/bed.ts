// What tests of forwarding share: a spool with a sender and a stager around a store in memory, and a clock that hurries.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../../consumers/shared/clock.ts';
import { firehoseClient } from '../../../../consumers/shared/forward/firehose.ts';
import { type Sender, startSender } from '../../../../consumers/shared/forward/sender.ts';
import { type ForwardTarget, Stager } from '../../../../consumers/shared/forward/stager.ts';
import type { Log, LogLevel } from '../../../../consumers/shared/log.ts';
import type { Clock } from '../../../../schemas/clock.ts';
import type { Meter } from '../../../../schemas/metrics.ts';
import { type FirehoseServer, startFirehose } from '../../../fakes/firehose-http.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';

/** Pauses are short; what is told of the time is true, and may be moved. */
export class HurriedClock implements Clock {
  ahead = 0; // ms

  now(): number {
    return Date.now() + this.ahead;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms / 50, signal);
  }
}

export interface Said {
  readonly level: LogLevel;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export class ForwardBed {
  readonly directory: string;
  readonly firehose: FirehoseServer;
  readonly store = new MemoryStore();
  readonly clock = new HurriedClock();
  readonly said: Said[] = [];
  /** Counters are added up, gauges are as they were set last. */
  readonly counts: Record<string, number> = {};
  readonly #ends: (() => Promise<void>)[] = [];

  private constructor(directory: string, firehose: FirehoseServer) {
    this.directory = directory;
    this.firehose = firehose;
  }

  static async open(): Promise<ForwardBed> {
    const firehose = await startFirehose();
    Object.assign(process.env, firehose.environment);
    return new ForwardBed(await mkdtemp(join(tmpdir(), 'vpcflow-forward-')), firehose);
  }

  get spool(): string {
    return join(this.directory, 'spool');
  }

  readonly log: Log = (() => {
    const level = (name: LogLevel) => (fields: Readonly<Record<string, unknown>>, message: string) =>
      void this.said.push({ level: name, fields, message });
    return { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
  })();

  readonly meter: Meter = {
    count: (metric, by) => {
      this.counts[metric] = (this.counts[metric] ?? 0) + by;
    },
    set: (metric, value) => {
      this.counts[metric] = value;
    },
    observe: () => undefined,
    forget: () => undefined,
  };

  stager(over: Partial<ForwardTarget> = {}): Stager {
    const target: ForwardTarget = { directory: this.spool, limit: 2 ** 30, what: 'both', ...over };
    return new Stager(target, { meter: this.meter, log: this.log, clock: this.clock });
  }

  sender(): Sender {
    const client = firehoseClient('us-east-1');
    const { meter, log, clock, store } = this;
    const sender = startSender({ directory: this.spool, client, stream: 'siem', store, meter, log, clock });
    const close = async (patience: number): Promise<void> => {
      await sender.close(patience);
      client.destroy();
    };
    this.#ends.push(() => close(0));
    return { close };
  }

  /** The files of the spool by what their names end with. */
  async files(state: string): Promise<readonly string[]> {
    const all = await readdir(this.spool).catch(() => []);
    return all.filter((name) => name.endsWith(`.${state}`));
  }

  async close(): Promise<void> {
    for (const end of this.#ends) await end();
    await this.firehose.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
