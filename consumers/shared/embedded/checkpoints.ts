// Turns the progress on each shard into one small durable file a shard, and back.
import { z } from 'zod';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';

/** How far a shard is done; kept from the moment that its first record is asked for, so that a restart asks alike. */
export type Checkpoint =
  | { readonly kind: 'start'; readonly at: number | null } // Unix ms; null: the oldest record
  | { readonly kind: 'after'; readonly sequenceNumber: string; readonly arrival: number | null } // Unix ms
  | { readonly kind: 'end' };

const checkpointSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('start'), at: z.number().nullable() }),
  z.strictObject({
    kind: z.literal('after'),
    sequenceNumber: z.string().regex(/^\d{1,56}$/),
    arrival: z.number().nullable(),
  }),
  z.strictObject({ kind: z.literal('end') }),
]);

/** Where an engine keeps the progress on each shard. */
export interface CheckpointStore {
  /** Null when the shard was never begun. */
  get(shard: string): Promise<Checkpoint | null>;
  /** Durable when it resolves. */
  put(shard: string, checkpoint: Checkpoint): Promise<void>;
}

/** Checkpoints of one application on one stream. */
export class Checkpoints implements CheckpointStore {
  readonly #store: ObjectStore;
  readonly #prefix: string;

  /** `store` is the directory that holds them; a put that resolved is durable. */
  constructor(store: ObjectStore, application: string, stream: string) {
    this.#store = store;
    this.#prefix = `${application}/${stream}/`;
  }

  /** Null when the shard was never begun. Rejects with VF_STORE_CORRUPT rather than begin again. */
  async get(shard: string): Promise<Checkpoint | null> {
    const key = this.#key(shard);
    const object = await this.#store.get(key);
    if (object === null) return null;
    try {
      return checkpointSchema.parse(JSON.parse(object.body.toString('utf8')));
    } catch (cause) {
      throw new VpcflowError('VF_STORE_CORRUPT', `${this.#store.uri}/${key} is no checkpoint`, { cause });
    }
  }

  async put(shard: string, checkpoint: Checkpoint): Promise<void> {
    await this.#store.put(this.#key(shard), Buffer.from(`${JSON.stringify(checkpoint)}\n`));
  }

  #key(shard: string): string {
    return `${this.#prefix}${shard}.json`;
  }
}
