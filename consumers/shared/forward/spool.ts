// Turns what is forwarded into files of a directory that wait to be sent: staged before it counts in the store, ready after it does.
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeHead,
  type EntryHead,
  encodeHead,
  type ForwardedObject,
  headLength,
  PREFIX_BYTES,
} from '../../../pipeline/forward/entry.ts';
import { systemCode } from '../store/failure.ts';

/**
 * `tmp`: being written; `staged`: durable, and its commit may exist; `ready`: committed, to be sent; `damaged`: kept for
 * whoever looks into it.
 */
export type EntryState = 'tmp' | 'staged' | 'ready' | 'damaged';

/** A file of the spool; its name says all of this. */
export interface Entry {
  readonly name: string; // without its state; names sort by time
  readonly state: EntryState;
  readonly time: number; // Unix ms, when it was staged
  readonly bytes: number; // of its objects
  readonly rows: number;
}

const NAME = /^((\d{15})-\d{6}-[0-9a-f]{8}-(\d+)-(\d+))\.(tmp|staged|ready|damaged)$/;

const parseName = (file: string): Entry | null => {
  const [, name, time, bytes, rows, state] = NAME.exec(file) ?? [];
  if (name === undefined) return null;
  const known = (['tmp', 'staged', 'ready', 'damaged'] as const).find((one) => one === state);
  return known === undefined
    ? null
    : { name, state: known, time: Number(time), bytes: Number(bytes), rows: Number(rows) };
};

/** Whether the file system says that there is no such file (ENOENT). */
export const isMissing = (error: unknown): boolean => systemCode(error) === 'ENOENT';

/** An entry that is being read. */
export interface OpenEntry {
  readonly head: EntryHead;
  /** The bytes of the objects in their order, one read at a time. */
  bodies(): AsyncGenerator<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Several processes may write to one directory, and a single one sends from it. */
export class Spool {
  readonly directory: string;
  readonly #writer = randomUUID().slice(0, 8);
  #written = 0;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Every file of it, oldest first; none where it does not exist. */
  async list(): Promise<readonly Entry[]> {
    const files = await readdir(this.directory).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return files
      .sort()
      .map(parseName)
      .filter((entry) => entry !== null);
  }

  /** Resolves when the file is durable, under the name that it returns. Rejects with what the file system says. */
  async stage(source: string, commit: string, objects: readonly ForwardedObject[], time: number): Promise<Entry> {
    await mkdir(this.directory, { recursive: true });
    const [bytes, rows] = [totalBytes(objects), objects.reduce((sum, object) => sum + object.rows, 0)];
    const count = String(this.#written++ % 1_000_000).padStart(6, '0');
    const name = `${String(time).padStart(15, '0')}-${count}-${this.#writer}-${bytes}-${rows}`;
    const entry: Entry = { name, state: 'tmp', time, bytes, rows };
    try {
      const file = await open(this.#path(entry), 'wx', 0o600);
      try {
        await file.writeFile(encodeHead(source, commit, objects));
        for (const { body } of objects) await file.writeFile(body); // each goes on where the last one ended
        await file.sync();
      } finally {
        await file.close();
      }
      const staged = await this.move(entry, 'staged');
      await this.#syncDirectory();
      return staged;
    } catch (error) {
      await this.remove(entry).catch(() => {});
      throw error;
    }
  }

  /** Rejects with ENOENT where it is no longer there under its name. */
  async move(entry: Entry, state: EntryState): Promise<Entry> {
    const moved = { ...entry, state };
    await rename(this.#path(entry), this.#path(moved));
    return moved;
  }

  async remove(entry: Entry): Promise<void> {
    await rm(this.#path(entry), { force: true });
  }

  /** Rejects with what the file system says, and with what is wrong with a file that is no entry. */
  async open(entry: Entry): Promise<OpenEntry> {
    const file = await open(this.#path(entry), 'r');
    try {
      const length = headLength(await readAt(file, 0, PREFIX_BYTES));
      const head = decodeHead(await readAt(file, PREFIX_BYTES, Math.min(length, (await file.stat()).size)));
      return {
        head,
        bodies: async function* () {
          let at = PREFIX_BYTES + length;
          for (const { bytes } of head.objects) {
            yield await readAt(file, at, bytes);
            at += bytes;
          }
        },
        close: () => file.close(),
      };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  #path({ name, state }: Entry): string {
    return join(this.directory, `${name}.${state}`);
  }

  async #syncDirectory(): Promise<void> {
    const directory = await open(this.directory, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

/** Bytes of the objects as they are stored, without the head of the entry. */
export const totalBytes = (objects: readonly ForwardedObject[]): number =>
  objects.reduce((sum, { body }) => sum + body.length, 0);

const readAt = async (file: FileHandle, position: number, length: number): Promise<Buffer<ArrayBuffer>> => {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) throw new Error(`it ends after ${position + read} bytes`);
    read += bytesRead;
  }
  return bytes;
};
