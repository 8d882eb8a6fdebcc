// Reads the keys of one map of a rule file as the types that they must have; what is wrong becomes a problem there.
import { isScalar, type Node } from 'yaml';
import { didYouMean, nearest } from '../nearest.ts';
import { type IdKind, idTrouble } from './ids.ts';
import { type Entry, kindOf, shown, textOf, type Value, type YamlValues } from './yaml-values.ts';

/** Why a text cannot be used, to follow the name of its key; null where it can. */
export type Trouble = (text: string) => string | null;

export interface NumberBounds {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

/** A text that is there: a number or a word such as `yes` is the text that stands in the file. */
export function readText(values: YamlValues, value: Value, trouble: Trouble, wanted = 'a text'): string | null {
  const node = values.scalar(value, wanted);
  if (node === null) return null;
  if (node.value === null || node.value === '') return values.problem(value.node, `${value.path} is empty`);
  const text = textOf(node);
  const why = trouble(text);
  return why === null ? text : values.problem(value.node, `${value.path} ${why}`);
}

const anyText: Trouble = () => null;

/** The keys of a map. One without a value is as one that is not there; null is the answer where one is not usable. */
export class Fields {
  private readonly entries = new Map<string, Entry>();
  /** Keys whose value cannot be looked at, and those that another was meant to be, which is said already. */
  private readonly broken = new Set<string>();
  private readonly unknowns = new Set<string>();
  private readonly values: YamlValues;
  readonly path: string;
  /** Where the map begins. */
  readonly node: Node | null;
  /** False: there is something else than a map, which is said already. */
  readonly isMap: boolean;

  /** `maps` are read as one: the documents of a file. Keys that are not `known` are problems. */
  constructor(values: YamlValues, maps: readonly Value[], known: readonly string[]) {
    this.values = values;
    this.path = maps[0]?.path ?? '';
    this.node = maps[0]?.node ?? null;
    const entries = maps.map((map) => values.entries(map));
    this.isMap = !entries.includes(null);
    for (const entry of entries.flatMap((of) => of ?? [])) {
      const before = this.entries.get(entry.key);
      if (!known.includes(entry.key)) this.unknown(entry, known);
      else if (before !== undefined) {
        values.problem(entry.keyNode, `${entry.path} is there twice, first on line ${values.lineOf(before.keyNode)}`);
      } else this.learn(entry);
    }
  }

  private unknown({ key, keyNode, path }: Entry, known: readonly string[]): void {
    this.unknowns.add(key);
    const meant = nearest(key, known);
    const help = meant === null ? `: known are ${known.join(', ')}` : `: did you mean ${meant}?`;
    // One mistake: that the key which was meant is not there is no other.
    if (meant !== null) this.broken.add(meant);
    this.values.problem(keyNode, `${path.slice(0, MAX_PATH).toWellFormed()} is no key${help}`);
  }

  private learn(entry: Entry): void {
    const node = this.values.resolve(entry);
    if (node === null) this.broken.add(entry.key);
    else if (!isScalar(node) || node.value !== null || node.tag !== undefined) this.entries.set(entry.key, entry);
  }

  /** Whether something is there, usable or not. */
  has(key: string): boolean {
    return this.entries.has(key) || this.broken.has(key);
  }

  /** Whether there is something that cannot be looked at, which is said already. */
  isBroken(key: string): boolean {
    return this.broken.has(key) && !this.entries.has(key);
  }

  /** Whether it is there and no key of this map, which is said already. */
  isUnknown(key: string): boolean {
    return this.unknowns.has(key);
  }

  /** Where a key stands, or the map where it does not. */
  at(key: string): Node | null {
    return this.entries.get(key)?.keyNode ?? this.node;
  }

  get(key: string): Entry | null {
    return this.entries.get(key) ?? null;
  }

  text(key: string, trouble: Trouble = anyText): string | null {
    const entry = this.get(key);
    return entry === null ? null : readText(this.values, entry, trouble);
  }

  id(key: string, kind: IdKind): string | null {
    return this.text(key, (text) => idTrouble(kind, text));
  }

  choice<T extends string>(key: string, choices: readonly T[]): T | null {
    const text = this.text(key, (given) => {
      if (choices.some((choice) => choice === given)) return null;
      const meant = didYouMean(given, choices);
      return `is ${shown(given)}, none of ${choices.join(', ')}${meant === '' ? '' : `: ${meant}`}`;
    });
    return choices.find((choice) => choice === text) ?? null;
  }

  number(key: string, { min, max, whole }: NumberBounds): number | null {
    const entry = this.get(key);
    const wanted = `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`;
    const node = entry === null ? null : this.values.scalar(entry, wanted);
    if (entry === null || node === null) return null;
    const { value } = node;
    const fits = typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value));
    return fits ? value : this.values.problem(entry.node, `${entry.path} is ${kindOf(node)}, not ${wanted}`);
  }

  flag(key: string): boolean | null {
    const entry = this.get(key);
    const node = entry === null ? null : this.values.scalar(entry, 'true or false');
    if (entry === null || node === null) return null;
    if (typeof node.value === 'boolean') return node.value;
    return this.values.problem(entry.node, `${entry.path} is ${kindOf(node)}, not true or false`);
  }

  /** The map under a key, with keys of its own; null where it is not there. */
  fields(key: string, known: readonly string[]): Fields | null {
    const entry = this.get(key);
    return entry === null ? null : new Fields(this.values, [entry], known);
  }

  /** The items of a list; null where there is none, which is a problem only when something else is there. */
  items(key: string): readonly Value[] | null {
    const entry = this.get(key);
    return entry === null ? null : this.values.items(entry);
  }

  /** A list of texts, none of them twice. */
  texts(key: string, trouble: Trouble): readonly string[] | null {
    const texts = new Set<string>();
    const items = this.items(key);
    for (const item of items ?? []) {
      const text = readText(this.values, item, trouble);
      if (text === null) continue;
      if (texts.has(text)) this.values.problem(item.node, `${item.path}: ${shown(text)} is there twice`);
      texts.add(text);
    }
    return items === null ? null : [...texts];
  }
}

const MAX_PATH = 200; // characters of a key that a message repeats
