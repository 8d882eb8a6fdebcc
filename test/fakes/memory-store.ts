// An ObjectStore in memory: several clients over one backing map, with hooks that crash or pause a client at any step.
import { createHash } from 'node:crypto';
import { checkKey, checkPrefix, compareKeys } from '../../consumers/shared/store/key.ts';
import type { ListedObject, ObjectStore, PutCondition, PutResult, StoredObject } from '../../schemas/store.ts';

export type StoreOperation = 'put' | 'get' | 'list' | 'remove';

/** What may happen around a single step of one client: throwing is a crash or an outage, awaiting is a pause. */
export interface StoreHooks {
  /** Before the step takes effect: what throws here did not happen. For a list, `key` is the prefix. */
  beforeEach?: (operation: StoreOperation, key: string) => void | Promise<void>;
  /** After the step took effect: what throws here happened, and the client does not know. */
  afterEach?: (operation: StoreOperation, key: string) => void | Promise<void>;
}

/** What several clients share: key -> content. Never changed in place. */
export type Backing = Map<string, Buffer>;

const tagOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

export class MemoryStore implements ObjectStore {
  readonly uri: string;
  readonly backing: Backing;
  readonly hooks: StoreHooks;

  constructor(backing: Backing = new Map(), hooks: StoreHooks = {}, uri = 'memory://store') {
    this.backing = backing;
    this.hooks = hooks;
    this.uri = uri;
  }

  /** Another client of the same objects, with hooks of its own. */
  client(hooks: StoreHooks = {}): MemoryStore {
    return new MemoryStore(this.backing, hooks, this.uri);
  }

  async put(key: string, body: Uint8Array, condition?: PutCondition): Promise<PutResult> {
    checkKey(key);
    const copy = Buffer.from(body);
    await this.hooks.beforeEach?.('put', key);
    const result = this.#put(key, copy, condition);
    await this.hooks.afterEach?.('put', key);
    return result;
  }

  #put(key: string, body: Buffer, condition?: PutCondition): PutResult {
    const current = this.backing.get(key);
    if (condition !== undefined) {
      const holds =
        'ifAbsent' in condition ? current === undefined : current !== undefined && tagOf(current) === condition.ifMatch;
      if (!holds) return { outcome: 'exists' };
    }
    this.backing.set(key, body);
    return { outcome: 'stored', tag: tagOf(body) };
  }

  async get(key: string): Promise<StoredObject | null> {
    checkKey(key);
    await this.hooks.beforeEach?.('get', key);
    const body = this.backing.get(key);
    const found = body === undefined ? null : { body: Buffer.from(body), tag: tagOf(body) };
    await this.hooks.afterEach?.('get', key);
    return found;
  }

  async *list(prefix: string, options: { readonly after?: string } = {}): AsyncIterable<ListedObject> {
    checkPrefix(prefix);
    const { after } = options;
    await this.hooks.beforeEach?.('list', prefix);
    const keys = [...this.backing.keys()]
      .filter((key) => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0))
      .sort(compareKeys);
    for (const key of keys) {
      const body = this.backing.get(key);
      if (body !== undefined) yield { key, size: body.length, tag: tagOf(body) };
    }
    await this.hooks.afterEach?.('list', prefix);
  }

  async remove(key: string): Promise<void> {
    checkKey(key);
    await this.hooks.beforeEach?.('remove', key);
    this.backing.delete(key);
    await this.hooks.afterEach?.('remove', key);
  }
}
