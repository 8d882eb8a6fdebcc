// Turns the footers of Parquet files into what a plan must know of them, each file read once and remembered.
import { lstat, open } from 'node:fs/promises';
import type { FileFacts, Unreadable } from '../../../../pipeline/window/query-plan.ts';
import type { Column, ColumnType } from '../../../../schemas/columns.ts';
import type { ListedObject } from '../../../../schemas/store.ts';
import { damageOf, ParquetUnread } from '../../parquet/damage.ts';
import type { Footer, ParquetColumn, PhysicalType, RowGroup } from '../../parquet/footer.ts';
import { readMetadata } from '../../parquet/metadata.ts';
import { systemCode } from '../../store/failure.ts';

/** About 400 bytes each. */
const MAX_REMEMBERED = 100_000;
/** Metadata of usual files are shorter: one read for most of them. */
const TAIL_BYTES = 64 * 1024;

interface Remembered {
  readonly known: FileFacts | Unreadable;
  /** Longest interval of its rows, s; undefined: not asked yet. */
  interval?: number | null;
}

/** What is known of files by key and tag. An object never changes under these, so it stays true. */
export class FileMemory {
  /** By name: windows that want the same file at once read it once. */
  readonly #learning = new Map<string, Promise<FileFacts | Unreadable | null>>();
  readonly #known = new Map<string, Remembered>(); // the least recently used first
  readonly #layouts = new Map<string, readonly string[]>();
  readonly #most: number;

  constructor(most = MAX_REMEMBERED) {
    this.#most = most;
  }

  get(object: ListedObject): FileFacts | Unreadable | undefined {
    return this.#used(object)?.known;
  }

  /** Keeps what a footer said, which still tells for which windows the file is wanted. */
  setDamage(object: ListedObject, damage: string): void {
    const known = this.get(object);
    const hasFacts = known !== undefined && !('unreadable' in known);
    this.set(object, hasFacts ? { ...known, damage } : { unreadable: damage });
  }

  set(object: ListedObject, known: FileFacts | Unreadable): void {
    this.#known.set(nameOf(object), { known });
    for (const [name] of this.#known) {
      if (this.#known.size <= this.#most) return;
      this.#known.delete(name);
    }
  }

  /** Longest aggregation interval of its rows, s; null: no row has one; undefined: not known yet. */
  interval(object: ListedObject): number | null | undefined {
    return this.#used(object)?.interval;
  }

  setInterval(object: ListedObject, interval: number | null): void {
    const remembered = this.#known.get(nameOf(object));
    if (remembered !== undefined) remembered.interval = interval;
  }

  /** What the footer of a local file says. Null: the file is gone. An access that fails is not remembered. */
  async learn(object: ListedObject, path: string, columns: readonly Column[]): Promise<FileFacts | Unreadable | null> {
    const name = nameOf(object);
    const running = this.#learning.get(name);
    if (running) return running;
    const learning = this.#learn(object, path, columns).finally(() => this.#learning.delete(name));
    this.#learning.set(name, learning);
    return learning;
  }

  async #learn(object: ListedObject, path: string, columns: readonly Column[]): Promise<FileFacts | Unreadable | null> {
    try {
      const known = await readFacts(path, columns);
      const shared = 'unreadable' in known ? known : { ...known, columns: this.#layout(known.columns) };
      this.set(object, shared);
      return shared;
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT') return (await isLink(path)) ? { unreadable: DEAD_LINK } : null;
      if (code === undefined) throw error;
      return { unreadable: `it cannot be read (${code})` };
    }
  }

  #used(object: ListedObject): Remembered | undefined {
    const name = nameOf(object);
    const found = this.#known.get(name);
    if (found === undefined) return undefined;
    this.#known.delete(name);
    this.#known.set(name, found);
    return found;
  }

  /** The one array of these names, so that files of the same columns can be told by it. */
  #layout(columns: readonly string[]): readonly string[] {
    const name = columns.join();
    const known = this.#layouts.get(name) ?? columns;
    this.#layouts.set(name, known);
    return known;
  }
}

const DEAD_LINK = 'it is a symbolic link that leads nowhere';

const isLink = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => null))?.isSymbolicLink() ?? false;

const nameOf = ({ key, tag }: ListedObject): string => `${key}\n${tag}`;

/** Throws what the file system does. */
async function readFacts(path: string, columns: readonly Column[]): Promise<FileFacts | Unreadable> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size === 0) return { unreadable: 'it is empty' };
    const from = Math.max(0, size - TAIL_BYTES);
    const tail = Buffer.alloc(size - from);
    await file.read(tail, 0, tail.length, from);
    const read = async (position: number, length: number): Promise<Buffer> => {
      if (position >= from) return tail.subarray(position - from, position - from + length);
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await file.read(bytes, 0, length, position);
      return bytes.subarray(0, bytesRead);
    };
    return factsOf(await readMetadata({ size, read }), columns);
  } catch (error) {
    const damage = error instanceof ParquetUnread ? error.message : damageOf(error);
    if (damage === null) throw error;
    return { unreadable: damage };
  } finally {
    await file.close();
  }
}

const PHYSICAL: Readonly<Record<ColumnType, readonly PhysicalType[]>> = {
  timestamp: ['INT64', 'INT96'],
  string: ['BYTE_ARRAY'],
  int32: ['INT32', 'INT64'],
  int64: ['INT32', 'INT64'],
};

/**
 * Columns that the table does not have are no concern of it; those that it has must be of a type that fits, and a file
 * without one that every file has is none of its.
 */
function factsOf(footer: Footer, columns: readonly Column[]): FileFacts | Unreadable {
  const found = new Map<string, ParquetColumn>();
  for (const column of columns) {
    const held = footer.columns.find(({ name }) => name === column.name);
    if (held === undefined) {
      if (!column.optional) return { unreadable: `it has no column ${column.name}` };
      continue;
    }
    const fits = PHYSICAL[column.type].includes(held.type);
    const isTime = column.type !== 'timestamp' || held.type === 'INT96' || held.meaning.kind === 'timestamp';
    if (!fits || !isTime) return { unreadable: `its column ${column.name} is of the type ${held.type}` };
    found.set(column.name, held);
  }
  const names = footer.columns.map(({ name }) => name).filter((name) => found.has(name));
  const { rows, groups } = footer;
  const of = (name: string) => found.get(name);
  return {
    ...{ rows, columns: names },
    first: least(groups, of('minute'), timeOf),
    last: greatest(groups, of('minute'), timeOf),
    latestEnd: greatest(groups, of('end'), integerOf),
    greatestStatus: greatest(groups, of('log_status'), (bytes) => Buffer.from(bytes).toString('utf8')),
  };
}

type Decode<T> = (bytes: Uint8Array, column: ParquetColumn) => T | null;

/** Null when a row group does not say. */
function extreme<T extends number | string>(
  groups: readonly RowGroup[],
  column: ParquetColumn | undefined,
  which: 'min' | 'max',
  decode: Decode<T>,
): T | null {
  let found: T | null = null;
  if (column === undefined) return null;
  for (const { chunks } of groups) {
    const bytes = chunks[column.index].statistics[which];
    const value = bytes === null ? null : decode(bytes, column);
    if (value === null) return null;
    if (found === null || (which === 'min' ? value < found : value > found)) found = value;
  }
  return found;
}

const least = <T extends number | string>(
  groups: readonly RowGroup[],
  column: ParquetColumn | undefined,
  decode: Decode<T>,
): T | null => extreme(groups, column, 'min', decode);
const greatest = <T extends number | string>(
  groups: readonly RowGroup[],
  column: ParquetColumn | undefined,
  decode: Decode<T>,
): T | null => extreme(groups, column, 'max', decode);

const integerOf: Decode<number> = (bytes) => {
  const plain = Buffer.from(bytes);
  if (plain.length === 4) return plain.readInt32LE();
  return plain.length === 8 ? Number(plain.readBigInt64LE()) : null;
};

/** Unix ms, rounded down. */
const timeOf: Decode<number> = (bytes, { meaning }) => {
  if (meaning.kind !== 'timestamp' || bytes.length !== 8) return null;
  return Number((Buffer.from(bytes).readBigInt64LE() * 1000n) / BigInt(meaning.perSecond));
};
