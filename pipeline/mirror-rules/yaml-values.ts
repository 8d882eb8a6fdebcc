// Turns YAML text into values that know their place in it, and finds everything in it that is no plain data.
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  Scalar,
  visit,
  type YAMLMap,
} from 'yaml';

/** A place in the file, both from 1, and what is wrong there. */
export interface RuleProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A value and the way to it: `tags[0].filterId`. */
export interface Value {
  readonly path: string;
  readonly node: Node;
}

export interface Entry extends Value {
  readonly key: string;
  readonly keyNode: Node;
}

const QUOTE_TAG = '; a text that begins with ! has to stand in quotes';
const TEXT_TAGS = [undefined, '!', 'tag:yaml.org,2002:str']; // none, `!`, `!!str`
const MAX_TEXT = 256 * 1024; // characters; a rule has some 200
const MAX_VALUES = 50_000; // that may be looked at, aliases followed
const MAX_PROBLEMS = 1000;

/** The documents of a YAML file (1.2, core schema), with what is wrong and what is doubtful in them. */
export class YamlValues {
  /** Documents that have something in them; null where the text is no YAML, which its problems tell of. */
  readonly documents: readonly Value[] | null;
  private readonly lines = new LineCounter();
  private readonly anchors = new Map<string, Node>();
  private readonly found: RuleProblem[] = [];
  private hasMore = false;
  private readonly doubts: RuleProblem[] = [];
  private looked = 0;

  constructor(text: string) {
    this.documents = this.parse(text);
  }

  private parse(text: string): readonly Value[] | null {
    if (text.length > MAX_TEXT) {
      this.found.push({ line: 1, column: 1, message: `the file has more than ${MAX_TEXT / 1024} KiB` });
      return null;
    }
    try {
      const options = { lineCounter: this.lines, prettyErrors: false, uniqueKeys: false, logLevel: 'silent' } as const;
      const documents = [...parseAllDocuments(text, options)];
      for (const { errors, warnings } of documents) {
        for (const { message, pos } of errors) this.problemAt(pos[0], message);
        for (const { message, pos } of warnings) this.problemAt(pos[0], `${message}${QUOTE_TAG}`);
      }
      if (documents.some(({ errors }) => errors.length > 0)) return null;
      const values = documents.flatMap(({ contents }) => (isNode(contents) ? [{ path: '', node: contents }] : []));
      for (const { node } of values) this.learnAnchors(node);
      return values.filter(({ node }) => !isScalar(node) || node.value !== null);
    } catch (error) {
      // A stack that is too deep; the library promises nothing else, and whatever it is, the file cannot be used.
      const why = error instanceof Error ? error.message : String(error);
      this.found.push({ line: 1, column: 1, message: `it cannot be read as YAML: ${why}` });
      return null;
    }
  }

  private learnAnchors(contents: Node): void {
    visit(contents, {
      Node: (_key, node) => {
        if (isAlias(node) || node.anchor === undefined) return;
        if (this.anchors.has(node.anchor)) this.problem(node, `the anchor &${node.anchor} is there twice`);
        this.anchors.set(node.anchor, node);
      },
    });
  }

  private at(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  lineOf(node: Node): number {
    return this.at(node.range?.[0] ?? 0).line;
  }

  /** Null is the beginning of the file. */
  problem(node: Node | null, message: string): null {
    this.problemAt(node?.range?.[0] ?? 0, message);
    return null;
  }

  private problemAt(offset: number, message: string): void {
    if (this.looked > MAX_VALUES) return; // what is left was not looked at: nothing is known of it
    const oneLine = message.replaceAll(/\s*\n\s*/g, ' ');
    if (this.found.length < MAX_PROBLEMS) this.found.push({ ...this.at(offset), message: oneLine });
    else this.hasMore = true;
  }

  warning(node: Node | null, message: string): void {
    if (this.doubts.length < MAX_PROBLEMS) this.doubts.push({ ...this.at(node?.range?.[0] ?? 0), message });
  }

  /** In the order of the file; that there are more stands last, where the last one does. */
  get problems(): readonly RuleProblem[] {
    const problems = inOrder(this.found);
    const last = problems.at(-1);
    return this.hasMore && last !== undefined ? [...problems, { ...last, message: 'and more problems' }] : problems;
  }

  get warnings(): readonly RuleProblem[] {
    return inOrder(this.doubts);
  }

  /** The value itself, or the one that its alias stands for; null, with a problem, where there is none. */
  resolve(value: Value): Node | null {
    this.looked += 1;
    if (this.looked === MAX_VALUES) return this.problem(value.node, `more than ${MAX_VALUES} values, aliases followed`);
    if (this.looked > MAX_VALUES) return null;
    if (!isAlias(value.node)) return value.node;
    const { source } = value.node;
    const node = this.anchors.get(source);
    const from = value.node.range?.[0] ?? 0;
    if (node?.range && node.range[1] <= from) return node;
    const hint =
      source.includes('*') || source.includes('/') ? '; a text that begins with * has to stand in quotes' : '';
    return this.problem(value.node, `*${source} is an alias without a value before it${hint}`);
  }

  /** The entries of a map, each key once: merge keys (`<<`) are followed, what stands beside them wins. */
  entries(value: Value): readonly Entry[] | null {
    const node = this.resolve(value);
    if (node === null) return null;
    if (!isMap(node)) return this.problem(value.node, `${nameOf(value)} is ${kindOf(node)}, not a map of keys`);
    const own = new Map<string, Entry>();
    const merged: Entry[] = [];
    for (const pair of node.items) {
      const entry = this.entry(value, pair);
      if (entry === null) continue;
      const before = own.get(entry.key);
      if (entry.key === '<<') merged.push(...this.mergedInto(value, entry));
      else if (before === undefined) own.set(entry.key, entry);
      else this.problem(entry.keyNode, `${entry.path} is there twice, first on line ${this.lineOf(before.keyNode)}`);
    }
    for (const entry of merged) if (!own.has(entry.key)) own.set(entry.key, entry);
    return [...own.values()];
  }

  private entry(parent: Value, pair: YAMLMap['items'][number]): Entry | null {
    const { key, value } = pair as Pair<unknown, unknown>;
    if (!isScalar(key) || key.value === null) {
      return this.problem(isNode(key) ? key : parent.node, `a key of ${nameOf(parent)} is not a text`);
    }
    const name = textOf(key);
    const path = parent.path === '' ? name : `${parent.path}.${name}`;
    return { key: name, keyNode: key, path, node: isNode(value) ? value : emptyAt(key) };
  }

  private mergedInto(parent: Value, entry: Entry): readonly Entry[] {
    const node = this.resolve(entry);
    if (node === null) return [];
    const sources = isSeq(node) ? node.items.filter(isNode) : [entry.node];
    return sources.flatMap((source) => this.entries({ path: parent.path, node: source }) ?? []);
  }

  isList(value: Value): boolean {
    return isSeq(this.resolve(value));
  }

  /** The items of a list. */
  items(value: Value): readonly Value[] | null {
    const node = this.resolve(value);
    if (node === null) return null;
    if (!isSeq(node)) return this.problem(value.node, `${value.path} is ${kindOf(node)}, not a list`);
    return node.items.flatMap((item, i) => (isNode(item) ? [{ path: `${value.path}[${i}]`, node: item }] : []));
  }

  /** A scalar that somebody has filled in; null, with a problem, for anything else. */
  scalar(value: Value, wanted: string): Scalar | null {
    const node = this.resolve(value);
    if (node === null) return null;
    if (!isScalar(node)) return this.problem(value.node, `${value.path} is ${kindOf(node)}, not ${wanted}`);
    if (!TEXT_TAGS.includes(node.tag)) {
      // A tag of no meaning is a warning of the library, and a problem already.
      if (node.tag?.startsWith('!')) return null;
      return this.problem(value.node, `${value.path} has the tag ${node.tag}, which is of no use here`);
    }
    if (typeof node.value === 'string' && /^<.*>$/.test(node.value)) {
      return this.problem(value.node, `${value.path} still has the placeholder ${node.value.slice(0, SHOWN)}`);
    }
    return node;
  }
}

/** The value of a key that has none. */
function emptyAt(key: Scalar): Scalar {
  const empty = new Scalar(null);
  if (key.range) empty.range = key.range;
  return empty;
}

const inOrder = (problems: readonly RuleProblem[]): readonly RuleProblem[] =>
  problems.toSorted((a, b) => a.line - b.line || a.column - b.column);

const nameOf = ({ path }: Value): string => (path === '' ? 'the file' : path);

/** A plain scalar as it is written, `0012` and `yes` too; a quoted one as it is meant. */
export const textOf = (node: Scalar): string =>
  typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));

const SHOWN = 80; // characters of a text that a message repeats

/** A text of the file in a message: in quotes, cut. */
export const shown = (text: string): string => JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

export function kindOf(node: Node): string {
  if (isMap(node)) return 'a map of keys';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node)) return 'an alias';
  if (node.value === null) return 'empty';
  return typeof node.value === 'string'
    ? `the text ${shown(node.value)}`
    : `the ${typeof node.value} ${textOf(node).slice(0, SHOWN)}`;
}
