// Turns any text into a DOT quoted string, and labels into text that Graphviz draws as it is.

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\uFFFE', '\\uFFFE'],
  ['\uFFFF', '\\uFFFF'],
]);

/** What has no place in an SVG, however it is written there: XML 1.0, production 2 (Char); and what DOT escapes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const UNWRITABLE = /[\\"\n\r\0-\x08\x0b\x0c\x0e-\x1f\uFFFE\uFFFF]/g;

/** U+2400 is the picture of U+0000; the backslash tells it from the same picture in a name, and is not drawn. */
const picture = (control: string): string => `\\${String.fromCharCode(0x2400 + control.charCodeAt(0))}`;

/**
 * A name as a DOT ID: quoted, with quotes, backslashes, line ends and other control characters escaped, so that no two
 * texts give one name, none leaves its quotes and what Graphviz draws of it is XML. DOT itself knows only the escape
 * \" (Graphviz, "The DOT Language": quoted strings).
 */
export const quoteDot = (text: string): string =>
  `"${text.replace(UNWRITABLE, (character) => ESCAPES.get(character) ?? picture(character))}"`;

/** A label or tooltip: as `quoteDot`, and `&amp;` in a name is not drawn as `&`. */
export const quoteLabel = (text: string): string => quoteDot(text.replaceAll('&', '&amp;'));

/** A label whose lines stand at the left. */
export const quoteLeftLabel = (lines: readonly string[]): string =>
  `"${lines.map((line) => `${quoteLabel(line).slice(1, -1)}\\l`).join('')}"`;
