// Turns a window into the local files that may have its rows: lists its hours, learns of files, plans, and holds them.
import {
  type FileFacts,
  type FilePlan,
  isTableFile,
  type KnownObject,
  type LeftOut,
  mayHaveSkipdata,
  planFiles,
  type Selection,
  searchedWindow,
  type Unreadable,
  type WindowTable,
  windowPrefixes,
} from '../../../../pipeline/window/query-plan.ts';
import type { Window } from '../../../../schemas/query.ts';
import type { ListedObject, ObjectStore } from '../../../../schemas/store.ts';
import { Gate } from '../../gate.ts';
import type { HeldFile, HeldFiles, ObjectFiles } from '../cache/object-files.ts';
import type { FileMemory } from './file-facts.ts';
import { TABLE_COLUMNS } from './table-sql.ts';

const LISTS_AT_ONCE = 8;
const FOOTERS_AT_ONCE = 16;

export interface WindowFiles {
  readonly digests: FilePlan;
  /** Of the rows, and of the lines that say what AWS skipped. */
  readonly coverage: FilePlan;
  readonly skipdata: FilePlan;
  readonly leftOut: readonly LeftOut[];
  /** Objects that vanished since they were listed. */
  readonly gone: readonly ListedObject[];
  /** The local file of each planned object that is there. */
  readonly files: ReadonlyMap<ListedObject, HeldFile>;
  release(): void;
}

interface Places {
  readonly store: ObjectStore;
  readonly files: ObjectFiles;
  readonly memory: FileMemory;
  readonly onPlanned: (planned: Planned) => void;
}

/** What was planned of a window's hours, for counters. */
export interface Planned {
  /** Objects that their statistics ruled out. */
  readonly pruned: number;
  /** Objects that cannot be read. */
  readonly damaged: number;
  /** Of the files that are read, as their footers say. */
  readonly rows: number;
}

type Facts = Map<ListedObject, FileFacts | Unreadable | undefined>;

/** Coverage is listed for every window: it tells what AWS skipped. */
export async function holdWindow(
  { store, files, memory, onPlanned }: Places,
  selection: Selection,
  tables: readonly WindowTable[],
  signal?: AbortSignal,
): Promise<WindowFiles> {
  const { window } = selection;
  const reaching = { window, overlapping: true };
  const [digests, coverage] = await Promise.all([
    tables.includes('digests') ? listTable(store, 'digests', searchedWindow(selection), signal) : [],
    listTable(store, 'coverage', searchedWindow(reaching), signal),
  ]);
  const facts: Facts = new Map([...digests, ...coverage].map((object) => [object, memory.get(object)]));
  const plan = () => {
    const known = knownOf(coverage, facts);
    const telling = known.filter((one) => 'unreadable' in one.known || mayHaveSkipdata(one.known));
    return {
      digests: planFiles(knownOf(digests, facts), selection),
      coverage: planFiles(tables.includes('coverage') ? known : [], { window, overlapping: false }),
      skipdata: planFiles(telling, reaching),
    };
  };
  // What a footer says of an object decides whether it is read, but not before it is there.
  const unknown = [...facts.keys()].filter((object) => facts.get(object) === undefined);
  const held = await files.hold([...new Set([...unknown, ...objectsOf(plan())])], signal);
  try {
    await learn(held, facts, memory, new Set(digests), signal);
  } catch (error) {
    held.release();
    throw error;
  }
  const plans = plan();
  const byObject = new Map(held.files.map((file) => [file.object, file]));
  const wanted = new Set(objectsOf(plans));
  const isGone = (object: ListedObject) =>
    facts.get(object) === undefined || (wanted.has(object) && !byObject.has(object));
  const gone = [...facts.keys()].filter(isGone);
  // Of coverage, whatever is asked: each of its files that cannot be read might tell of skipped minutes.
  const ofCoverage = new Map([...plans.coverage.leftOut, ...plans.skipdata.leftOut].map((one) => [one.key, one]));
  const leftOut = [...plans.digests.leftOut, ...ofCoverage.values()];
  onPlanned({
    ...{ pruned: facts.size - wanted.size - leftOut.length, damaged: leftOut.length },
    rows: plans.digests.rows + plans.coverage.rows,
  });
  return { ...plans, leftOut, gone, files: byObject, release: () => held.release() };
}

const objectsOf = (plans: Readonly<Record<string, FilePlan>>): ListedObject[] =>
  Object.values(plans).flatMap(({ read }) => read);

const knownOf = (objects: readonly ListedObject[], facts: Facts): KnownObject[] =>
  objects.flatMap((object) => {
    const known = facts.get(object);
    return known === undefined ? [] : [{ object, known }];
  });

/** Reads the footers of the held files of which nothing is known. */
async function learn(
  held: HeldFiles,
  facts: Facts,
  memory: FileMemory,
  digests: ReadonlySet<ListedObject>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const gate = new Gate(FOOTERS_AT_ONCE);
  const one = async ({ object, path }: HeldFile) => {
    signal?.throwIfAborted();
    const known = await memory.learn(object, path, TABLE_COLUMNS[digests.has(object) ? 'digests' : 'coverage']);
    if (known !== null) facts.set(object, known);
  };
  const unknown = held.files.filter(({ object }) => facts.get(object) === undefined);
  await Promise.all(unknown.map((file) => gate.pass(() => one(file))));
}

async function listTable(
  store: ObjectStore,
  table: WindowTable,
  window: Window,
  signal: AbortSignal | undefined,
): Promise<ListedObject[]> {
  const gate = new Gate(LISTS_AT_ONCE);
  const lists = windowPrefixes(table, window).map((prefix) =>
    gate.pass(async () => {
      signal?.throwIfAborted();
      const objects: ListedObject[] = [];
      for await (const object of store.list(prefix)) if (isTableFile(object)) objects.push(object);
      return objects;
    }),
  );
  return (await Promise.all(lists)).flat();
}
