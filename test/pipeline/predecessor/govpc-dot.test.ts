// The graph of vpcflow-grapherd: its text, and that what cuts it up line by line still finds what it looks for.
import { describe, expect, test } from 'vitest';
import { GovpcDot } from '../../../pipeline/predecessor/govpc-dot.ts';
import type { QueryValue } from '../../../schemas/query.ts';

type Line = readonly QueryValue[];

const line = (
  [srcaddr, dstaddr]: readonly [string | null, string | null],
  [srcport, dstport]: readonly [number | null, number | null] = [0, 443],
  action: string | null = 'ACCEPT',
): Line => [
  '123456789010',
  'eni-1',
  srcaddr,
  dstaddr,
  srcport,
  dstport,
  6,
  action,
  20n,
  1000n,
  1418530010n,
  1418530070n,
];

const text = (lines: readonly Line[]): string => {
  const dot = new GovpcDot();
  return [dot.head, ...lines.map((row) => dot.edge(row)), ...dot.tail()].join('');
};

describe('the graph', () => {
  test('has an edge a line, then the nodes, as DOTConverter wrote them, with quoted ids', () => {
    expect(text([line(['172.31.16.139', '172.31.16.21'], [0, 80], 'REJECT')])).toBe(
      [
        'digraph {',
        '\t"172.31.16.139" -> "172.31.16.21" [govpc_accountID="123456789010" govpc_eniID="eni-1" govpc_srcPort="0" ' +
          'govpc_dstPort="80" govpc_protocol="6" govpc_packets="20" govpc_bytes="1000" govpc_start="1418530010" ' +
          'govpc_end="1418530070" color=red label="accountID=123456789010\\neniID=eni-1\\nsrcPort=0\\ndstPort=80\\n' +
          'protocol=6\\npackets=20\\nbytes=1000\\nstart=1418530010\\nend=1418530070"]',
        '\t"172.31.16.139" [label="172.31.16.139"]',
        '\t"172.31.16.21" [label="172.31.16.21"]',
        '}',
        '',
      ].join('\n'),
    );
  });

  test('of nothing has neither', () => {
    expect(text([])).toBe('digraph {\n}\n');
  });

  test('keeps apart addresses that differ in their dots and colons alone, and names each once', () => {
    const graph = text([line(['10.1.11.1', '10.11.1.1']), line(['10.11.1.1', '10.1.11.1']), line(['1::11', '11::1'])]);
    const nodes = graph.split('\n').filter((row) => /^\t"[^"]*" \[label=/.test(row));
    expect(nodes.map((row) => row.trim().split(' ')[0])).toEqual(['"10.1.11.1"', '"10.11.1.1"', '"11::1"', '"1::11"']);
  });

  test('writes what was not logged as a line does', () => {
    const graph = text([line([null, '10.0.0.1'], [null, null], null)]);
    expect(graph).toContain('\t"-" -> "10.0.0.1" [');
    expect(graph).toContain('govpc_srcPort="-" govpc_dstPort="-"');
    expect(graph).toContain('color=green');
  });

  test('no name leaves its quotes', () => {
    const graph = text([line(['a"b', '\\'])]);
    expect(graph).toContain('\t"a\\"b" -> "\\\\" [');
  });

  test('is read by a reader that cuts lines at blanks, as vpcflow-diffd does', () => {
    const keyed = new Set([
      'govpc_accountID',
      'govpc_eniID',
      'govpc_srcPort',
      'govpc_dstPort',
      'govpc_protocol',
      'color',
    ]);
    const [edge] = text([line(['10.0.0.1', '10.0.0.2'])])
      .split('\n')
      .map((row) => row.trim())
      .filter((row) => row.includes('->'));
    const [from, , to, ...rest] = edge.split(' ');
    const attributes = rest.join(' ').slice(1, -1).split(' ');
    expect([from, to]).toEqual(['"10.0.0.1"', '"10.0.0.2"']);
    expect(attributes.filter((attribute) => keyed.has(attribute.split('=')[0]))).toEqual([
      'govpc_accountID="123456789010"',
      'govpc_eniID="eni-1"',
      'govpc_srcPort="0"',
      'govpc_dstPort="443"',
      'govpc_protocol="6"',
      'color=green',
    ]);
    expect(edge.endsWith('end=1418530070"]')).toBe(true); // what it cuts off to add to the label
  });
});
