// A node's filter is one of the language, keeps what the node had a part in, and goes together with another one.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileFilter } from '../../../pipeline/filter/compile.ts';
import { bothFilters, nodeFilter } from '../../../pipeline/graph/node-filter.ts';
import type { GraphNode, NodeKind } from '../../../schemas/graph.ts';

const OWN = ['10.0.0.0/8', 'fc00::/7'];
const node = (kind: NodeKind, id: string): GraphNode => ({
  ...{ id, label: id, kind, outside: false, bytes_in: 0n, bytes_out: 0n },
});

test.each<[NodeKind, string, string | null]>([
  ['address', '10.0.1.7', 'addr = 10.0.1.7'],
  ['address', '2001:db8::1', 'addr = 2001:db8::1'],
  ['address', '"><script>', null],
  ['cidr24', '10.0.1.0/24', 'addr in 10.0.1.0/24'],
  ['cidr16-48', '2001:db8:1::/48', 'addr in 2001:db8:1::/48'],
  ['subnet', 'subnet-0a', 'subnet_id = "subnet-0a"'],
  ['vpc', 'vpc-0a', 'vpc_id = "vpc-0a"'],
  ['instance', 'i-0a', 'instance_id = "i-0a"'],
  ['interface', 'eni-"\\', 'interface_id = "eni-\\"\\\\"'],
  ['interface', 'two\nlines', null],
  ['service', 'S3', 'pkt_src_aws_service = "S3" or pkt_dst_aws_service = "S3"'],
  ['internet', 'internet', 'not srcaddr in (10.0.0.0/8, fc00::/7) or not dstaddr in (10.0.0.0/8, fc00::/7)'],
  ['unknown', 'unknown', 'srcaddr = null or dstaddr = null'],
  ['others', '+7 others', null],
])('%s %s: %s', (kind, id, filter) => {
  expect(nodeFilter(node(kind, id), OWN)).toBe(filter);
  if (filter !== null) expect(compileFilter(filter, 0)).not.toBeNull();
});

test('any name of an interface gives a filter that asks for it, or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (id) => {
      const filter = nodeFilter(node('interface', id), OWN);
      if (filter !== null) expect(compileFilter(filter, 0)?.parameters).toEqual([id]);
    }),
  );
});

test('two filters are asked at once, one is not asked twice', () => {
  expect(bothFilters('', 'addr = 10.0.1.7')).toBe('addr = 10.0.1.7');
  expect(bothFilters('port = 1 or port = 2', 'addr = 10.0.1.7')).toBe('(port = 1 or port = 2) and addr = 10.0.1.7');
  expect(bothFilters('port = 1', 'a = 1 or b = 2')).toBe('port = 1 and (a = 1 or b = 2)');
  for (const both of ['port = 1 and (a = 1 or b = 2)', 'a = 1 or b = 2'])
    expect(bothFilters(both, 'a = 1 or b = 2')).toBe(both);
});
