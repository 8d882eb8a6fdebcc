// Turns any text into a DOT quoted string, and labels into text that Graphviz draws as it is.

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\0', '\\0'],
]);

/**
 * A name as a DOT ID: quoted, with quotes, backslashes and line ends escaped, so that no two texts give one name and
 * none leaves its quotes. DOT itself knows only the escape \" (Graphviz, "The DOT Language": quoted strings).
 */
export const quoteDot = (text: string): string =>
  `"${text.replace(/[\\"\n\r\0]/g, (character) => ESCAPES.get(character) ?? character)}"`;

/** A label or tooltip: as `quoteDot`, and `&amp;` in a name is not drawn as `&`. */
export const quoteLabel = (text: string): string => quoteDot(text.replaceAll('&', '&amp;'));

/** A label whose lines stand at the left. */
export const quoteLeftLabel = (lines: readonly string[]): string =>
  `"${lines.map((line) => `${quoteLabel(line).slice(1, -1)}\\l`).join('')}"`;
