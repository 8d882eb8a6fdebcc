// Turns what is ready in the spool into records of a Firehose stream, one process at a time, for as long as it takes.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import { parseCommit } from '../../../pipeline/documents.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { holdKernelLock } from '../kernel-lock.ts';
import type { Log } from '../log.ts';
import { systemCode } from '../store/failure.ts';
import { sendEntry } from './send-entry.ts';
import { type Entry, isMissing, type OpenEntry, Spool } from './spool.ts';

const LOCK = 'sender.lock';
/** How often it is looked for what is ready, while nothing is. */
const POLL = 1000; // ms
/** How often the spool is measured, and gone through for what a dead process left. */
const WATCH = 5000; // ms
/** What is younger is most likely being committed at this moment, by the process that staged it. */
const SETTLED = 30_000; // ms
/** What has no commit by then never will have: no request for one lives so long, its process dead or alive. */
const GIVEN_UP = 3_600_000; // ms
/** Of a warning about the same thing. */
const INTERVAL = 60_000; // ms

export interface SenderOptions {
  readonly directory: string;
  readonly client: FirehoseClient;
  readonly stream: string;
  readonly store: ObjectStore;
  readonly meter: Meter;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Sender {
  /** Sends what is ready, for at most `patience` ms; the rest stays for the next start. Does not reject. */
  close(patience: number): Promise<void>;
}

/** Never fails: what it meets is logged, about once a minute, and tried again. */
export const startSender = (options: SenderOptions): Sender => {
  const sending = new SpoolSender(options);
  const done = Promise.all([sending.send(), sending.watch()]);
  return {
    close: async (patience) => {
      const over = new AbortController();
      sending.drain();
      await Promise.race([done, options.clock.sleep(patience, over.signal)]);
      over.abort();
      sending.cut();
      await done;
      sending.unlock();
    },
  };
};

class SpoolSender {
  readonly #options: SenderOptions;
  readonly #spool: Spool;
  readonly #draining = new AbortController(); // ends the pauses between looks
  readonly #cut = new AbortController(); // ends everything
  #unlock: (() => void) | null = null;
  #waiting = false; // for the lock
  #first = true; // no pass over what is staged was made yet
  #warned = Number.NEGATIVE_INFINITY; // Unix ms
  #refused = false;
  #told = Number.NEGATIVE_INFINITY; // Unix ms

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#spool = new Spool(options.directory);
    for (const metric of ['forwarded', 'forwardRetries', 'forwardDropped'] as const) options.meter.count(metric, 0, {});
  }

  drain(): void {
    this.#draining.abort();
  }

  cut(): void {
    this.#cut.abort();
  }

  unlock(): void {
    this.#unlock?.();
    this.#unlock = null;
  }

  /** Until it is cut, or there is nothing more to drain. */
  async send(): Promise<void> {
    for (let last = false; !last && !this.#cut.signal.aborted; ) {
      last = this.#draining.signal.aborted; // what was released before that is seen by this look
      await this.#trying(() => this.#sendReady());
      await this.#options.clock.sleep(POLL, this.#draining.signal);
    }
  }

  async watch(): Promise<void> {
    while (!this.#draining.signal.aborted) {
      await this.#trying(() => this.#look());
      await this.#options.clock.sleep(WATCH, this.#draining.signal);
    }
    await this.#trying(() => this.#measure());
  }

  async #sendReady(): Promise<void> {
    if (!(await this.#holdLock())) return;
    for (const entry of await this.#spool.list()) {
      if (this.#cut.signal.aborted) return;
      if (entry.state === 'ready') await this.#trying(() => this.#sendOne(entry));
    }
  }

  async #sendOne(entry: Entry): Promise<void> {
    const { client, stream, meter, clock } = this.#options;
    const put = { client, stream, meter, clock, signal: this.#cut.signal, onAnswer: this.#onAnswer };
    const open = await this.#open(entry);
    if (open === null) return;
    try {
      const sent = await sendEntry(open, put);
      if (sent.tooLong > 0) {
        meter.count('forwardDropped', sent.tooLong, {});
        this.#options.log.error(
          { entry: entry.name, records: sent.tooLong },
          'longer than a record may be: not forwarded',
        );
      }
      if (sent.whole) await this.#spool.remove(entry);
      if (sent.damage !== null) await this.#setAside(entry, sent.damage, entry.rows - sent.taken);
    } finally {
      await open.close();
    }
  }

  /** Null where there is nothing to read any more. Rejects with what the system says, which may pass. */
  async #open(entry: Entry): Promise<OpenEntry | null> {
    try {
      return await this.#spool.open(entry);
    } catch (error) {
      if (isMissing(error)) return null;
      if (systemCode(error) !== undefined) throw error;
      await this.#setAside(entry, error, entry.rows);
      return null;
    }
  }

  /** What cannot be read must not hold up what comes after it. */
  async #setAside(entry: Entry, error: unknown, rows: number): Promise<void> {
    this.#options.meter.count('forwardDropped', Math.max(0, rows), {});
    const damaged = await this.#spool.move(entry, 'damaged');
    const where = join(this.#spool.directory, `${damaged.name}.damaged`);
    this.#options.log.error(
      { file: where, rows, error: String(error) },
      'a file of the spool is damaged, and not forwarded',
    );
  }

  async #look(): Promise<void> {
    if (!(await this.#holdLock())) return;
    const entries = await this.#measure();
    for (const entry of entries) {
      if (this.#draining.signal.aborted) return;
      if (entry.state === 'staged' || entry.state === 'tmp') await this.#settle(entry);
    }
    this.#first = false;
  }

  async #measure(): Promise<readonly Entry[]> {
    if (this.#unlock === null) return [];
    const entries = await this.#spool.list();
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    this.#options.meter.set('forwardSpool', bytes, {});
    return entries;
  }

  /**
   * What a process left that died, or still is at work on: released when its commit is there, whoever made it. Removed
   * when it never will be: whoever makes it count stages it again.
   */
  async #settle(entry: Entry): Promise<void> {
    const age = this.#options.clock.now() - entry.time;
    if (age < SETTLED && !this.#first) return;
    const fate = entry.state === 'tmp' ? 'open' : await this.#fate(entry);
    try {
      if (fate === 'committed') await this.#spool.move(entry, 'ready');
      else if (fate === 'buried' || age >= GIVEN_UP) await this.#spool.remove(entry);
    } catch (error) {
      if (!isMissing(error)) throw error; // its own process was faster
    }
  }

  async #fate(entry: Entry): Promise<'committed' | 'buried' | 'open'> {
    const open = await this.#open(entry);
    if (open === null) return 'open';
    try {
      const { commit, objects } = open.head;
      const stored = await this.#options.store.get(commit);
      if (stored === null) return 'open';
      if (objects.some(({ key }) => key === commit)) return 'committed'; // it counts by being there
      return parseCommit(commit, stored.body).kind === 'commit' ? 'committed' : 'buried';
    } finally {
      await open.close();
    }
  }

  /** Another worker of this host may send from this spool: then this one only stages, until the other has ended. */
  async #holdLock(): Promise<boolean> {
    if (this.#unlock !== null) return true;
    await mkdir(this.#spool.directory, { recursive: true });
    if (this.#unlock !== null) return true; // of the two that look, one was faster
    this.#unlock = holdKernelLock(join(this.#spool.directory, LOCK));
    if (this.#unlock === null && !this.#waiting)
      this.#options.log.info(
        { spool: this.#spool.directory },
        'another worker of this host sends what is in the spool',
      );
    this.#waiting = this.#unlock === null;
    return !this.#waiting;
  }

  async #trying(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      const now = this.#options.clock.now();
      if (now - this.#warned < INTERVAL) return;
      this.#warned = now;
      this.#options.log.warn(
        { spool: this.#spool.directory, error: String(error) },
        'what waits in the spool, or a part of it, cannot be read at the moment',
      );
    }
  }

  readonly #onAnswer = (why: string | null): void => {
    const { log, clock, stream } = this.#options;
    const now = clock.now();
    if (why === null && this.#refused) {
      this.#refused = false;
      log.info({ stream }, 'the Firehose stream takes records again');
    }
    if (why === null || now - this.#told < INTERVAL) return;
    this.#told = now;
    this.#refused = true;
    log.warn(
      { stream, why },
      'the Firehose stream does not take all records; they wait in the spool and are sent again',
    );
  };
}
