// Turns a store into what it says of the stream: the records that are committed, and sums by source address read from the Parquet itself.
import { tableFromIPC, type Vector } from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import { parseCommit } from '../../pipeline/documents.ts';
import type { Commit } from '../../schemas/chain.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import type { AddressSum } from './traffic.ts';

/** What one source address has in the digests, and the epochs that it occurs in. */
export interface FoundSum extends AddressSum {
  readonly epochs: ReadonlySet<string>; // by source
}

type Sums = Map<string, { flows: number; packets: number; bytes: number; epochs: Set<string> }>;

/** The commits of a store; asked again it reads only new ones. */
export class Commits {
  readonly #store: ObjectStore;
  readonly #known = new Map<string, Commit | null>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async all(): Promise<readonly Commit[]> {
    for await (const { key } of this.#store.list('commits/')) {
      if (this.#known.has(key)) continue;
      const stored = await this.#store.get(key);
      if (stored === null) throw new Error(`${key} is listed and not there`);
      const document = parseCommit(key, stored.body);
      this.#known.set(key, document.kind === 'commit' ? document : null);
    }
    return [...this.#known.values()].filter((commit) => commit !== null);
  }

  /** How many records are committed. */
  async records(): Promise<number> {
    return (await this.all()).reduce((sum, { counts }) => sum + counts.records, 0);
  }

  /** The sums by source address over the rows of every digest object that a commit names. */
  async sums(): Promise<ReadonlyMap<string, FoundSum>> {
    const found: Sums = new Map();
    for (const { source, objects } of await this.all()) {
      for (const { key, table } of objects) {
        if (table !== 'digests') continue;
        const stored = await this.#store.get(key);
        if (stored === null) throw new Error(`${key} is committed and not there`);
        addRows(stored.body, source, found);
      }
    }
    return found;
  }
}

const addRows = (parquet: Uint8Array, source: string, found: Sums): void => {
  const rows = tableFromIPC(readParquet(parquet).intoIPCStream());
  const column = (name: string): Vector => {
    const values = rows.getChild(name);
    if (values === null) throw new Error(`a digest without ${name}`);
    return values;
  };
  const addresses = column('srcaddr');
  const [flows, packets, bytes] = [column('flows'), column('packets'), column('bytes')];
  for (let i = 0; i < rows.numRows; i++) {
    const address = String(addresses.get(i));
    const sum = found.get(address) ?? { flows: 0, packets: 0, bytes: 0, epochs: new Set() };
    sum.flows += Number(flows.get(i));
    sum.packets += Number(packets.get(i));
    sum.bytes += Number(bytes.get(i));
    sum.epochs.add(source);
    found.set(address, sum);
  }
};
