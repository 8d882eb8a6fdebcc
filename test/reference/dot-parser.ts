// Reads the DOT that we write, by the grammar of the DOT language: statements of quoted IDs, attributes and arrows.

export interface DotStatement {
  /** One name: a node (or graph, node, edge defaults); two: an edge. */
  readonly names: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

/** Undoes the escapes of a quoted string. */
const unquote = (quoted: string): string =>
  quoted.slice(1, -1).replace(/\\(u[0-9A-F]{4}|[\s\S])/g, (_all, found: string) => {
    if (found === 'n') return '\n';
    if (found === 'r') return '\r';
    if (found.length > 1) return String.fromCharCode(Number.parseInt(found.slice(1), 16));
    const code = found.charCodeAt(0);
    return code >= 0x2400 && code < 0x2420 ? String.fromCharCode(code - 0x2400) : found;
  });

const TOKEN = /"(?:\\[\s\S]|[^"\\])*"|->|[A-Za-z_][A-Za-z_0-9]*|[[\]{}=,;]|\s+|[\s\S]/g;

export function parseDot(text: string): DotStatement[] {
  const tokens = (text.match(TOKEN) ?? []).filter((token) => !/^\s+$/.test(token));
  const statements: DotStatement[] = [];
  let at = 0;
  const next = (): string => tokens[at++] ?? '';
  const expectToken = (wanted: string): void => {
    const token = next();
    if (token !== wanted) throw new SyntaxError(`expected ${wanted} and not ${token} at token ${at - 1}`);
  };
  const name = (): string => {
    const token = next();
    if (token.startsWith('"')) return unquote(token);
    if (/^[A-Za-z_]/.test(token)) return token;
    throw new SyntaxError(`${token} is no ID at token ${at - 1}`);
  };
  expectToken('digraph');
  name();
  expectToken('{');
  while (tokens[at] !== '}') {
    const names = [name()];
    if (tokens[at] === '->') {
      next();
      names.push(name());
    }
    const attributes: Record<string, string> = {};
    expectToken('[');
    while (tokens[at] !== ']') {
      const key = name();
      expectToken('=');
      attributes[key] = name();
      if (tokens[at] === ',') next();
    }
    expectToken(']');
    expectToken(';');
    statements.push({ names, attributes });
  }
  expectToken('}');
  if (at !== tokens.length) throw new SyntaxError('text after the graph');
  return statements;
}
