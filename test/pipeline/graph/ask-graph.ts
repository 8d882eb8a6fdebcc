// Asks the real engine for the graph of rows that a test names, without any file.
import { type GraphQuestion, graphSql } from '../../../pipeline/graph/conversations.ts';
import { graphOf } from '../../../pipeline/graph/graph.ts';
import { DEFAULT_OWN_NETWORKS, type Graph } from '../../../schemas/graph.ts';
import type { QueryEngine, QueryValue } from '../../../schemas/query.ts';

const COLUMNS = {
  account_id: 'VARCHAR',
  interface_id: 'VARCHAR',
  srcaddr: 'VARCHAR',
  dstaddr: 'VARCHAR',
  srcport: 'INTEGER',
  dstport: 'INTEGER',
  protocol: 'INTEGER',
  action: 'VARCHAR',
  flows: 'BIGINT',
  packets: 'BIGINT',
  bytes: 'BIGINT',
  start: 'BIGINT',
  end: 'BIGINT',
  flow_direction: 'VARCHAR',
  resource_id: 'VARCHAR',
  tgw_attachment_id: 'VARCHAR',
  subnet_id: 'VARCHAR',
  vpc_id: 'VARCHAR',
  instance_id: 'VARCHAR',
  pkt_srcaddr: 'VARCHAR',
  pkt_dstaddr: 'VARCHAR',
  pkt_src_aws_service: 'VARCHAR',
  pkt_dst_aws_service: 'VARCHAR',
} as const;

export type Row = { readonly [K in keyof typeof COLUMNS]?: string | number | bigint | null };

/** Rows as what follows FROM, so that a property needs no file. */
export const sourceOf = (rows: readonly Row[]): string => {
  const literal = (value: string | number | bigint | null | undefined, type: string): string => {
    const text = typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value ?? 'NULL');
    return `${text}::${type}`;
  };
  const tuple = (row: Row): string =>
    Object.entries(COLUMNS)
      .map(([name, type]) => literal(row[name as keyof Row], type)) // Object.entries forgets the key type
      .join(', ');
  const names = Object.keys(COLUMNS).map((name) => `"${name}"`);
  const values = rows.length === 0 ? `(${tuple({})})` : rows.map((row) => `(${tuple(row)})`).join(', ');
  return `(SELECT * FROM (VALUES ${values}) t(${names.join(', ')})${rows.length === 0 ? ' WHERE false' : ''})`;
};

/** The graph of `rows`, by address and uncut unless `question` says otherwise. */
export const askGraph = async (
  engine: QueryEngine,
  rows: readonly Row[],
  question: Partial<GraphQuestion> = {},
): Promise<Graph> => {
  const nodes = { group: 'address', internet: 'each', own: DEFAULT_OWN_NETWORKS } as const;
  const whole = { ...nodes, count: 'conversations', top: null, limit: 100_000, ...question } as const;
  const { logged, edges } = graphSql({ ...whole, source: sourceOf(rows) });
  const result = await engine.run(edges, [], undefined, logged);
  const values: (readonly QueryValue[])[] = [];
  for await (const chunk of result.chunks) values.push(...chunk);
  const { count, group } = whole;
  return graphOf({ start: 0, stop: 60_000, complete: null, watermark: null, count, group }, whole, values);
};

export const flow = (interface_id: string | null, srcaddr: string, dstaddr: string, rest: Row = {}): Row => ({
  ...{ account_id: '111122223333', interface_id, srcaddr, dstaddr, srcport: 0, dstport: 443, protocol: 6 },
  ...{ action: 'ACCEPT', flows: 1, packets: 2, bytes: 100, start: 10, end: 60 },
  ...rest,
});
