// Puts objects into the store on all cores, many at once, within the memory and the disk that there is: files as they
// lie, objects of S3 by way of a spool.
//
//   S3:    known by its ETag? -> (room in the spool) -> fetched -> (first of its content) -> (a lane) -> loaded
//   file:                                  (a lane) -> identified -> (first of its content) -> (a lane) -> loaded
import { availableParallelism } from 'node:os';
import type { S3Client } from '@aws-sdk/client-s3';
import { type ErrorCode, VpcflowError } from '../../../schemas/errors.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import { systemCode } from '../../shared/store/failure.ts';
import { openStore } from '../../shared/store/open.ts';
import type { LoadedObject } from '../object/load-object.ts';
import { hasLeftOut, isComplete, nameState, readPartClaims } from '../object/object-claims.ts';
import { openBucketClient } from '../s3/bucket-client.ts';
import { type FetchedObject, fetchObject } from '../s3/fetch.ts';
import type { FileSource, S3Source, SourceObject } from '../source-object.ts';
import { Admission, type Share } from './admission.ts';
import { Lane, type LaneSetup } from './lane.ts';
import { openSpoolDirectory, type SpoolDirectory } from './spool-directory.ts';
import { Turns } from './turns.ts';

const MIB = 1024 * 1024;

/** What one lane may come to hold: the rows of two parts and what they are encoded into. */
const LANE_MEMORY = 512 * MIB;

/** Small objects wait for the store more than they are at work: so many share a lane, a larger one has it alone. */
const LANE: Share = { objects: 8, bytes: 16 * MIB };
const SPOOL: Share = { objects: 64, bytes: 512 * MIB };
const FETCHES: Share = { objects: 16, bytes: Number.POSITIVE_INFINITY };

/** How many objects are worth handing in at once: more of them only wait. */
export const LOADS_AT_ONCE = 64;

/** A dry run leaves nothing in the store by which a copy could be told; it remembers so many contents. */
const REMEMBERED = 100_000;

/** Problems of one object; with any other the store, or this program, cannot be trusted to take the next one. */
const OF_ONE_OBJECT: readonly ErrorCode[] = [
  'VF_SOURCE_UNREADABLE',
  'VF_NAME_REUSED',
  'VF_DECODER_VERSION',
  'VF_OVERLAP',
];

/** Whether a failed `load` says nothing about other objects. */
export const isOfOneObject = (error: unknown): error is VpcflowError =>
  error instanceof VpcflowError && OF_ONE_OBJECT.includes(error.code);

export interface LoaderSetup extends LaneSetup {
  /** Role to take on for the buckets; null: none. */
  readonly role: string | null;
  readonly externalId: string | null;
  /** Of progress: each byte is counted twice, when it is fetched or identified, and when it is decoded. */
  readonly onBytes: (count: number) => void;
}

export interface LoadedSource extends LoadedObject {
  readonly bytes: number; // of the object, as it was read; as it was listed when it was known
}

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '');

const spoolFull = (directory: string, cause: unknown): VpcflowError => {
  const help = `set TMPDIR to a directory with ${(2 * SPOOL.bytes) / MIB} MiB of free space`;
  return new VpcflowError('VF_LIMIT', `there is no space left for the objects of S3 in ${directory}`, { cause, help });
};

const KNOWN: LoadedObject = { outcome: 'known', parts: [] };

const laneCount = (): number =>
  Math.max(1, Math.min(availableParallelism(), Math.floor(process.availableMemory() / LANE_MEMORY)));

/** Lanes start with the first objects, the spool (a directory of TMPDIR) and the client of S3 with the first of those. */
export class Loader {
  readonly #setup: LoaderSetup;
  readonly #store: ObjectStore;
  readonly #lanes: (Lane | undefined)[];
  readonly #atWork: Admission;
  readonly #spool = new Admission(1, SPOOL);
  readonly #fetches = new Admission(1, FETCHES);
  readonly #contents = new Map<string, Promise<boolean>>(); // identity -> whether the last one that has it could be loaded
  readonly #names = new Turns();
  readonly #end = new AbortController();
  #client: Promise<S3Client> | null = null;
  #directory: Promise<SpoolDirectory> | null = null;

  private constructor(setup: LoaderSetup, store: ObjectStore) {
    this.#setup = setup;
    this.#store = store;
    this.#lanes = Array.from({ length: laneCount() }, () => undefined);
    this.#atWork = new Admission(this.#lanes.length, LANE);
  }

  /** Writes nothing: `ensureLayout` is for whoever knows that there will be an object. */
  static async open(setup: LoaderSetup): Promise<Loader> {
    return new Loader(setup, await openStore(setup.store));
  }

  /**
   * Resolves when the object is committed, or was before. Any number may be handed in at once; what has no room waits
   * its turn (LOADS_AT_ONCE).
   * @throws what `isOfOneObject` tells when only this object failed; else nothing more can be loaded.
   */
  load(object: SourceObject): Promise<LoadedSource> {
    return object.kind === 's3' ? this.#loadS3(object) : this.#loadFile(object);
  }

  /** The client of S3 that objects are read with, until this is closed. */
  client(): Promise<S3Client> {
    const { role, externalId } = this.#setup;
    this.#client ??= openBucketClient({ role, externalId });
    return this.#client;
  }

  /** What is under way is given up, to be finished by another run; its calls reject. */
  async close(): Promise<void> {
    const closed = new Error('the loader was closed');
    for (const gate of [this.#atWork, this.#spool, this.#fetches]) gate.close(closed);
    this.#end.abort();
    await Promise.all(this.#lanes.map((lane) => lane?.close()));
    await (await this.#directory?.catch(() => null))?.remove();
    (await this.#client?.catch(() => null))?.destroy();
  }

  async #loadS3(object: S3Source): Promise<LoadedSource> {
    const { name, etag } = object;
    const state = await nameState(this.#store, name, etag);
    const claims = state.kind === 'begun' ? await readPartClaims(this.#store, state.identity) : [];
    if (await isComplete(this.#store, claims)) {
      this.#setup.onBytes(2 * object.size);
      return { ...KNOWN, ...(hasLeftOut(claims) ? { leftOut: true } : {}), bytes: object.size };
    }
    using _space = await this.#spool.enter(object.size);
    await using fetched = await this.#fetch(object);
    const { identity, size } = fetched;
    const place = { path: fetched.path, name, etag: fetched.etag, unnamed: state.kind === 'unnamed' };
    const loaded = await this.#once(name, identity, () =>
      this.#onLane(size, (lane) => lane.load(place, { identity, size })),
    );
    if (loaded.outcome === 'known') this.#setup.onBytes(size);
    return { ...loaded, bytes: size };
  }

  async #loadFile({ name, size: listed }: FileSource): Promise<LoadedSource> {
    const object = await this.#onLane(listed, (lane) => lane.identify(name));
    const { identity, size } = object;
    const place = { path: name, name };
    const loaded = await this.#once(name, identity, () => this.#onLane(size, (lane) => lane.load(place, object)));
    if (loaded.outcome === 'known') this.#setup.onBytes(size);
    return { ...loaded, bytes: size };
  }

  async #fetch(object: S3Source): Promise<FetchedObject> {
    const { onBytes } = this.#setup;
    using _turn = await this.#fetches.enter(object.size);
    this.#directory ??= openSpoolDirectory();
    const [client, { path }] = await Promise.all([this.client(), this.#directory]);
    try {
      return await fetchObject(client, object, path, { onBytes, signal: this.#end.signal });
    } catch (error) {
      throw isFull(error) ? spoolFull(path, error) : error;
    }
  }

  async #onLane<T>(bytes: number, work: (lane: Lane) => Promise<T>): Promise<T> {
    using entry = await this.#atWork.enter(bytes);
    const lane = this.#lanes[entry.place] ?? this.#openLane();
    this.#lanes[entry.place] = lane;
    return await work(lane);
  }

  #openLane(): Lane {
    const { store, settings, asNew, dryRun, feed, overlap, onBytes } = this.#setup;
    return new Lane({ store, settings, asNew, dryRun, feed, overlap }, onBytes);
  }

  /** Of two contents of one name the second waits, so that it finds the first recorded, and is told so. */
  #once(name: string, identity: string, load: () => Promise<LoadedObject>): Promise<LoadedObject> {
    return this.#names.take(name, () => this.#onceOfContent(identity, load));
  }

  /** A copy waits for the one that came first, then is known; its name is recorded all the same. */
  async #onceOfContent(identity: string, load: () => Promise<LoadedObject>): Promise<LoadedObject> {
    const before = this.#contents.get(identity);
    const work = (async () => {
      const loaded = await before;
      return this.#setup.dryRun && loaded === true ? KNOWN : load();
    })();
    const end = work.then(
      () => true,
      () => false,
    );
    this.#contents.set(identity, end);
    try {
      return await work;
    } finally {
      this.#forget(identity, end);
    }
  }

  #forget(identity: string, end: Promise<boolean>): void {
    if (this.#setup.dryRun) {
      const [oldest] = this.#contents.keys();
      if (this.#contents.size > REMEMBERED && oldest !== undefined) this.#contents.delete(oldest);
    } else if (this.#contents.get(identity) === end) {
      this.#contents.delete(identity);
    }
  }
}
