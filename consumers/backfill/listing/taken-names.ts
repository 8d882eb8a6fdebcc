// Turns the operands that were listed into whether a name was among them, so that no object is given twice.

/** Holds the operands, not what was found below them. */
export class TakenNames {
  readonly #names = new Set<string>();
  readonly #prefixes = new Set<string>();

  /** One object. */
  add(name: string): void {
    this.#names.add(name);
  }

  /** All that lies below, whether it was taken or left out; `prefix` ends in a slash. */
  addBelow(prefix: string): void {
    this.#prefixes.add(prefix);
  }

  has(name: string): boolean {
    if (this.#names.has(name)) return true;
    if (this.#prefixes.size === 0) return false;
    for (let i = name.indexOf('/'); i >= 0; i = name.indexOf('/', i + 1)) {
      if (this.#prefixes.has(name.slice(0, i + 1))) return true;
    }
    return false;
  }
}
