// One shard from records to committed epochs: the screen on which the path of a record is read.
//
//   record -> (machine: skip, take, or close first) -> decode -> … -> claim -> data -> (stage) -> commit -> checkpoint -> look
import { Decoder } from '../../pipeline/decode/decode.ts';
import { EPOCH_BOUNDS, type EpochBounds, EpochContents, type EpochOutput } from '../../pipeline/epoch/contents.ts';
import { IdentityWindow } from '../../pipeline/epoch/identities.ts';
import { advance, begin } from '../../pipeline/epoch/machine.ts';
import {
  type Action,
  type ExternalEvent,
  type ResultEvent,
  type State,
  type Step,
  uncommittedSince,
} from '../../pipeline/epoch/state.ts';
import { claimKey } from '../../pipeline/keys.ts';
import { settingsDocument } from '../../pipeline/settings.ts';
import type { Claim } from '../../schemas/chain.ts';
import type { Clock } from '../../schemas/clock.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type {
  Batch,
  Checkpointer,
  RecordProcessor,
  ShardHistory,
  ShardStart,
  StreamRecord,
} from '../../schemas/processor.ts';
import { DECODER_VERSION, type Settings } from '../../schemas/settings.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import { buryClaim, readCommit, writeObjects } from '../shared/epoch-writer.ts';
import type { Forwarder } from '../shared/forward/forwarder.ts';
import { getSettings, putSettings } from '../shared/stored-settings.ts';
import { ShardChain } from './chain.ts';
import { commitForwarded } from './forward/commit-forwarded.ts';
import type { DigestObserver } from './observer.ts';
import { ShardWatermark } from './shard-watermark.ts';

export interface DigestProcessorOptions {
  readonly store: ObjectStore;
  /** `<account>.<region>.<name>`. */
  readonly stream: string;
  readonly settings: Settings;
  readonly workerId: string;
  readonly clock: Clock;
  readonly history: (shardId: string) => ShardHistory;
  readonly observer?: DigestObserver;
  /** Where epochs are forwarded to as well. */
  readonly forward?: Forwarder;
  /** Lower than EPOCH_BOUNDS, or equal. */
  readonly bounds?: EpochBounds;
}

export class DigestProcessor implements RecordProcessor {
  readonly #options: DigestProcessorOptions;
  readonly #bounds: EpochBounds;
  readonly #decoders = new Map<string, Decoder>(); // by settings hash
  readonly #settings: string; // hash of what open epochs are decoded with
  #chain!: ShardChain; // from initialize on
  #history!: ShardHistory;
  #state!: State;
  #watermark!: ShardWatermark;
  #identities = new IdentityWindow();
  #contents: EpochContents | null = null;
  #output: EpochOutput | null = null;
  #initialized = false;
  #lost = false;
  #closing = 0; // ms: when the epoch that is being written was closed

  constructor(options: DigestProcessorOptions) {
    this.#options = options;
    this.#bounds = options.bounds ?? EPOCH_BOUNDS;
    this.#settings = settingsDocument(options.settings).hash;
    this.#decoders.set(this.#settings, new Decoder(options.settings));
  }

  async initialize({ shardId, position }: ShardStart): Promise<void> {
    const { store, stream, settings, clock, history, observer } = this.#options;
    this.#chain = new ShardChain(store, stream, shardId);
    this.#history = history(shardId);
    await putSettings(store, settings);
    const base = await this.#chain.base();
    this.#watermark = new ShardWatermark(this.#chain, base.watermark ?? 0, clock, observer);
    await this.#run(begin({ position, now: clock.now(), watermark: base.watermark }, base), null, null);
    for (const epoch of await this.#chain.history(this.#state.link)) this.#identities.load(epoch);
    this.#initialized = true;
    observer?.began?.(shardId);
  }

  async processRecords({ records, millisBehindLatest, checkpointer }: Batch): Promise<void> {
    const { shard } = this.#chain;
    // First: how far behind the shard is matters most while a large batch is being worked on, or cannot be.
    this.#options.observer?.batch?.({ shard, records, millisBehindLatest, at: this.#options.clock.now() });
    for (const record of records) {
      const { sequenceNumber: sequence, subSequenceNumber: sub, arrival } = record;
      await this.#feed({ on: 'record', sequence, sub, arrival }, checkpointer, record);
    }
    if (this.#lost) return; // the rest of the batch was passed over, so nothing is known of the tip
    const now = this.#options.clock.now();
    const atTip = millisBehindLatest === 0;
    await this.#feed({ on: 'tick', now, atTip }, checkpointer);
    await this.#watermark.batch({ now, atTip, uncommittedSince: uncommittedSince(this.#state) }, this.#state);
  }

  /** Memory is dropped; whoever has the shard now reads the records again from the last checkpoint. */
  async leaseLost(): Promise<void> {
    this.#lost = true;
    this.#contents = null;
    this.#output = null;
    this.#decoders.clear(); // each refers to the epoch that it decodes into
    this.#identities = new IdentityWindow();
    this.#state = { at: 'ended', after: this.#state.after, link: this.#state.link };
    this.#options.observer?.released?.(this.#chain.shard);
  }

  async shardEnded({ checkpointer }: { readonly checkpointer: Checkpointer }): Promise<void> {
    if (this.#lost) throw new VpcflowError('VF_LEASE_LOST', `${this.#chain.shard} ended after its lease was lost`);
    await this.#feed({ on: 'shard-end' }, checkpointer);
  }

  async shutdownRequested({ checkpointer }: { readonly checkpointer: Checkpointer }): Promise<void> {
    await this.#feed({ on: 'shutdown' }, checkpointer);
  }

  async #feed(event: ExternalEvent, checkpointer: Checkpointer, record: StreamRecord | null = null): Promise<void> {
    await this.#run(advance(this.#state, event), checkpointer, record);
  }

  /** Carries out what the machine asks for until it waits for the next event. */
  async #run(first: Step, checkpointer: Checkpointer | null, record: StreamRecord | null): Promise<void> {
    for (let step = first; ; ) {
      this.#state = step.state;
      if (step.action === null) return;
      const result = await this.#perform(step.action, checkpointer, record);
      if (result === null) return;
      step = advance(this.#state, result);
    }
  }

  async #perform(
    action: Action,
    checkpointer: Checkpointer | null,
    record: StreamRecord | null,
  ): Promise<ResultEvent | null> {
    switch (action.do) {
      case 'look':
        return this.#look(action.after);
      case 'probe': {
        const { after, claim } = action;
        const history = this.#history;
        const trimmed = (await history.firstFrom(after)) !== after;
        const next = await (claim === null ? history.firstAfter(after) : history.firstFrom(claim.first));
        const whole = claim !== null && next !== null && (await history.firstFrom(claim.last)) === claim.last;
        return { on: 'probed', trimmed, next, whole };
      }
      case 'bury': {
        const { claim, last } = action;
        const key = claimKey(claim.stream, claim.shard, claim.after);
        const head = { source: this.#chain.source(claim.after), arrival: claim.arrival };
        return { on: 'buried', last: await buryClaim(this.#options.store, { ...claim, key }, head, last) };
      }
      case 'decode':
        if (record === null) throw new Error('decode without a record');
        return { on: 'decoded', full: await this.#decode(action.after, action.adopted, record) };
      case 'claim':
        return this.#claim(action);
      case 'write':
        return this.#write(action.claim);
      case 'commit':
        return this.#commit(action.claim);
      case 'checkpoint':
        return (await this.#checkpoint(action.last, action.link, checkpointer)) ? { on: 'checkpointed' } : null;
      case 'end':
        await this.#watermark.store(true, this.#state);
        await checkpointer?.checkpoint();
        this.#options.observer?.released?.(this.#chain.shard);
        return null;
      case 'fail':
        throw new VpcflowError(action.code, `${this.#chain.shard}: ${action.why}`);
    }
  }

  /** Before the first record of an epoch is decoded: has somebody fixed its extent? */
  async #look(after: string): Promise<ResultEvent> {
    const { claim, done } = await this.#chain.look(after);
    // A link that somebody else committed meanwhile; the history before the start is loaded at the end of initialize.
    if (done !== null && this.#initialized) this.#identities.load(await this.#chain.identities(after));
    if (claim !== null && done === null) await this.#prepare(claim);
    return { on: 'looked', claim, done };
  }

  /** Makes sure that an adopted epoch is decoded as it was claimed. */
  async #prepare(claim: Claim): Promise<void> {
    if (claim.decoder !== DECODER_VERSION) {
      const versions = `decoder version ${claim.decoder}, this is ${DECODER_VERSION}`;
      throw new VpcflowError('VF_DECODER_VERSION', `the epoch after ${claim.after} was claimed with ${versions}`);
    }
    if (this.#decoders.has(claim.settings)) return;
    this.#decoders.set(claim.settings, new Decoder(await getSettings(this.#options.store, claim.settings)));
  }

  async #decode(after: string, adopted: Claim | null, record: StreamRecord): Promise<boolean> {
    const contents = this.#contents ?? new EpochContents(this.#chain.source(after), this.#identities);
    const decoder = this.#decoders.get(adopted?.settings ?? this.#settings)!;
    if (this.#contents === null) {
      this.#contents = contents;
      decoder.target = contents;
      decoder.afterLine = () => {
        if (contents.cutWhenFull()) decoder.target = contents;
      };
      decoder.afterChunk = () => contents.encodePieces();
    }
    const { sequenceNumber, subSequenceNumber, partitionKey, data, arrival } = record;
    const sub = subSequenceNumber === 0 ? '' : `.${subSequenceNumber}`;
    const source = `${this.#chain.stream}/${this.#chain.shard}/${sequenceNumber}${sub}`;
    this.#identities.at(sequenceNumber, arrival);
    await decoder.decodeRecord({ data, arrival, source, partitionKey });
    return contents.isFull(this.#bounds);
  }

  async #finish(after: string, arrival: Claim['arrival']): Promise<EpochOutput> {
    const { stream, shard } = this.#chain;
    if (this.#contents === null) throw new Error('an epoch closes without contents');
    this.#closing = this.#options.clock.now();
    const output = await this.#contents.finish(arrival, { stream, shard, after });
    this.#contents = null;
    this.#output = output;
    return output;
  }

  async #claim({ after, extent, gap }: Extract<Action, { do: 'claim' }>): Promise<ResultEvent> {
    const { first, last, records, arrival } = extent;
    const output = await this.#finish(after, arrival);
    const claim: Claim = {
      kind: 'claim',
      ...{ stream: this.#chain.stream, shard: this.#chain.shard, after, first, last, records, arrival },
      settings: this.#settings,
      decoder: DECODER_VERSION,
      objects: output.objects.map(({ key }) => key),
      previous: this.#state.link,
      ...(gap === null ? {} : { gap }),
      worker: this.#options.workerId,
    };
    if (await this.#chain.putClaim(claim)) return { on: 'claimed', claim };
    this.#options.observer?.claimLost?.(this.#chain.shard);
    return { on: 'claim-exists' };
  }

  async #write(claim: Claim): Promise<ResultEvent> {
    const output = this.#output ?? (await this.#finish(claim.after, claim.arrival));
    const keys = output.objects.map(({ key }) => key);
    if (keys.length !== claim.objects.length || keys.some((key, i) => key !== claim.objects[i])) {
      throw new VpcflowError(
        'VF_CHAIN_BROKEN',
        `the claim after ${claim.after} names other objects than it decodes to`,
      );
    }
    const committed = await readCommit(this.#options.store, claim.arrival, this.#chain.source(claim.after));
    if (committed === null) await writeObjects(this.#options.store, output);
    return { on: 'written' };
  }

  async #commit(claim: Claim): Promise<ResultEvent> {
    const { after, arrival, settings, decoder, gap } = claim;
    const output = this.#output;
    if (output === null) throw new Error('a commit without output');
    const head = {
      ...{ source: this.#chain.source(after), claim: claimKey(claim.stream, claim.shard, after) },
      ...{ settings, decoder, arrival },
      ...(gap === undefined ? {} : { gap }),
    };
    const { store, forward = null } = this.#options;
    if ((await commitForwarded(store, head, output, forward)) === 'tombstone') return { on: 'tombstone-found' };
    this.#output = null;
    // The first record that is not committed arrived no earlier than the epoch began; the next tick knows better.
    this.#watermark.reached(arrival.min);
    const { shard } = this.#chain;
    const at = this.#options.clock.now();
    const adopted = claim.worker !== this.#options.workerId;
    this.#options.observer?.committed({ shard, output, adopted, flush: at - this.#closing, at });
    return { on: 'committed' };
  }

  /** A checkpoint that fails loses nothing: its epoch is committed, and a start before its end skips forward to it. */
  async #checkpoint(last: string, link: string, checkpointer: Checkpointer | null): Promise<boolean> {
    let lost = false;
    try {
      await checkpointer?.checkpoint(last);
    } catch (error) {
      this.#options.observer?.checkpointFailed(this.#chain.shard, error);
      lost = error instanceof VpcflowError && error.code === 'VF_LEASE_LOST';
    }
    await this.#watermark.store(false, { link, after: last }); // committed it is, in any case
    // What else this batch brings belongs to another worker: claiming it first would end that one.
    if (lost) await this.leaseLost();
    return !lost;
  }
}
