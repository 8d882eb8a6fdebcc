// The formats of every kind of answer, the first of each the default, and the content types that they have over HTTP.

/** What rows of any kind are written in. */
export const TEXT_FORMATS = ['csv', 'ndjson', 'json'] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];

/** `log`: lines of flow logs, version 2. */
export const ROW_FORMATS = [...TEXT_FORMATS, 'parquet', 'arrow', 'log'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

export const GRAPH_FORMATS = ['dot', 'svg', 'png', 'json'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];

export const DIFF_FORMATS = ['json', 'csv', 'dot', 'svg', 'png'] as const;
export type DiffFormat = (typeof DIFF_FORMATS)[number];

const TYPES = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
  json: 'application/json; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
  log: 'text/plain; charset=utf-8',
  dot: 'text/vnd.graphviz; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
  png: 'image/png',
} as const satisfies Readonly<Record<RowFormat | GraphFormat | DiffFormat, string>>;

type Types<F extends string> = Readonly<Record<F, string>>;

const { csv, ndjson, json, parquet, arrow, log, dot, svg, png } = TYPES;
export const TEXT_TYPES: Types<TextFormat> = { csv, ndjson, json };
export const ROW_TYPES: Types<RowFormat> = { csv, ndjson, json, parquet, arrow, log };
export const GRAPH_TYPES: Types<GraphFormat> = { dot, svg, png, json };
export const DIFF_TYPES: Types<DiffFormat> = { json, csv, dot, svg, png };
