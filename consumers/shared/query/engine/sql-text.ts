// Turns names, paths and times that cannot be bound into literals of SQL.
import { formatTime } from '../../../../pipeline/window/window.ts';

/** A text literal. */
export const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A column or table name. */
export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const quotedList = (texts: readonly string[]): string => `[${texts.map(quotedText).join(', ')}]`;

/** A path as the pattern that matches nothing but it. */
export const bracketedPath = (path: string): string => path.replace(/[*?[]/g, '[$&]');

/** The literal of a path that is read as it is, although DuckDB expands patterns. */
export const quotedPath = (path: string): string => quotedText(bracketedPath(path));

/** A TIMESTAMP WITH TIME ZONE literal of Unix ms. */
export const timestampLiteral = (ms: number): string => `TIMESTAMPTZ '${formatTime(ms)}'`;
