// Reads members of untrusted JSON by name, and remembers the first that is missing or not of the type that it must have.

/** An object of the JSON, and where it stands: `detail.resource`; '' is the outermost. */
export interface Block {
  readonly path: string;
  readonly members: object;
}

const QUOTED = 80; // characters of a foreign text that a sentence repeats

/** A text of somebody else's in a sentence: cut, in quotes, with control characters and lone surrogates escaped. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text);

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value as an object, or null: lists are none. */
export const objectOf = (value: unknown): object | null => (isObject(value) ? value : null);

const pathOf = (parent: Block, name: string): string => (parent.path === '' ? name : `${parent.path}.${name}`);

/**
 * What is absent or null, or of an absent block, is null or empty; only the members that are asked for are looked at.
 * Nothing here throws: `wrong` is asked at the end.
 */
export class JsonMembers {
  /** A sentence about the first member that cannot be used; null as long as all can. */
  wrong: string | null = null;

  complain(sentence: string): null {
    this.wrong ??= sentence;
    return null;
  }

  private value(parent: Block | null, name: string): unknown {
    if (parent === null || !Object.hasOwn(parent.members, name)) return null;
    // The member's type is what this class finds out.
    return (parent.members as Readonly<Record<string, unknown>>)[name] ?? null;
  }

  private typed<T>(parent: Block | null, name: string, what: string, is: (value: unknown) => value is T): T | null {
    const value = this.value(parent, name);
    if (parent === null || value === null || is(value)) return value as T | null; // absent, or what `is` proved
    return this.complain(`${pathOf(parent, name)} is ${kindOf(value)}, not ${what}`);
  }

  text(parent: Block | null, name: string): string | null {
    return this.typed(parent, name, 'a text', (value) => typeof value === 'string');
  }

  number(parent: Block | null, name: string): number | null {
    return this.typed(parent, name, 'a number', (value) => typeof value === 'number');
  }

  flag(parent: Block | null, name: string): boolean {
    return this.typed(parent, name, 'true or false', (value) => typeof value === 'boolean') ?? false;
  }

  block(parent: Block | null, name: string): Block | null {
    const members = this.typed(parent, name, 'an object', isObject);
    return parent === null || members === null ? null : { path: pathOf(parent, name), members };
  }

  /** The objects of a list; null in their place is passed over. */
  blocks(parent: Block | null, name: string): readonly Block[] {
    return this.list(parent, name, 'an object', objectOf).map(({ path, item }) => ({ path, members: item }));
  }

  texts(parent: Block | null, name: string): readonly string[] {
    const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
    return this.list(parent, name, 'a text', textOf).map(({ item }) => item);
  }

  private list<T>(
    parent: Block | null,
    name: string,
    what: string,
    read: (value: unknown) => T | null,
  ): readonly { readonly path: string; readonly item: T }[] {
    const values = this.typed(parent, name, 'a list', (value) => Array.isArray(value)) ?? [];
    if (parent === null) return [];
    const items: { readonly path: string; readonly item: T }[] = [];
    for (const [i, value] of values.entries()) {
      if (value === null) continue;
      const path = `${pathOf(parent, name)}[${i}]`;
      const item = read(value);
      if (item === null) this.complain(`${path} is ${kindOf(value)}, not ${what}`);
      else items.push({ path, item });
    }
    return items;
  }

  /** A text that has to be there and to look as `pattern` says; '' and a complaint otherwise. */
  required(parent: Block, name: string, pattern: RegExp, what: string): string {
    const text = this.text(parent, name);
    if (text !== null && pattern.test(text)) return text;
    const path = pathOf(parent, name);
    this.complain(text === null ? `${path} is missing` : `${path} is ${quoted(text)}, not ${what}`);
    return '';
  }
}
