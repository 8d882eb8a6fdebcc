// The nodes of a graph as a URL and a command line ask for them: the same values, the same refusals.
import { describe, expect, test } from 'vitest';
import { nodeParameters } from '../../../../consumers/query/server/node-parameters.ts';
import { OPTIONS } from '../../../../consumers/shared/options.ts';
import { readOptions } from '../../../../consumers/shared/read-options.ts';
import { parseNetwork } from '../../../../pipeline/address/networks.ts';
import { DEFAULT_OWN_NETWORKS } from '../../../../schemas/graph.ts';

const COMMAND = { options: ['grouping', 'internet', 'ownNetworks', 'top'], required: [] } as const;
const typed = (given: Readonly<Record<string, string>>) => {
  const { grouping: group, internet, ownNetworks, top } = readOptions(COMMAND, given, {});
  return { group, internet, ownNetworks, top };
};

test.each([
  [{}, { group: 'address', internet: 'each', ownNetworks: DEFAULT_OWN_NETWORKS, top: null }],
  [
    { group: 'cidr16', internet: 'one', top: '3' },
    { group: 'cidr16', internet: 'one', top: 3 },
  ],
  [
    { group: 'cidr8-56', 'own-networks': '10.0.0.0/8, 2600:1f00::/24' },
    { ownNetworks: ['10.0.0.0/8', '2600:1f00::/24'] },
  ],
] as const)('%j', (given, expected) => {
  expect(nodeParameters(given, DEFAULT_OWN_NETWORKS)).toMatchObject(expected);
  expect(typed(given)).toEqual(nodeParameters(given, DEFAULT_OWN_NETWORKS));
});

describe('refused, and named', () => {
  test.each([
    [{ group: 'cidr33' }, /cidr24, cidrN, cidrN-M, subnet, .*service \(N, of IPv4: 0 to 32; .*\), not "cidr33"/],
    [{ group: 'cidr8-129' }, /not "cidr8-129"/],
    [{ group: 'VPC' }, /must be one of address, .*not "VPC"/],
    [{ 'own-networks': '10.0.0.0/8,10.0.0.0/33' }, /needs networks .* \("10\.0\.0\.0\/33" is none\)/],
    [{ 'own-networks': "10.0.0.0/8','x" }, /"10\.0\.0\.0\/8'" is none/],
    [{ 'own-networks': 'fe80::1%eth0/64' }, /"fe80::1%eth0\/64" is none/],
    [{ 'own-networks': '10.0.0.1' }, /"10\.0\.0\.1" is none/],
    [{ 'own-networks': '' }, /"" is none/],
  ])('%j', (given, message) => {
    expect(() => nodeParameters(given, DEFAULT_OWN_NETWORKS)).toThrow(
      expect.objectContaining({ code: 'VF_BAD_PARAMETER', message: expect.stringMatching(message) }),
    );
    if (!('own-networks' in given) || given['own-networks'] !== '') {
      expect(() => typed(given)).toThrow(
        expect.objectContaining({ code: 'VF_USAGE', message: expect.stringMatching(message) }),
      );
    }
  });
});

test('what is taken for a network is one to the engine’s side too', () => {
  for (const text of ['0.0.0.0/0', '255.255.255.255/32', '::/0', '::ffff:1.2.3.4/128', '2001:DB8::/32']) {
    expect(OPTIONS.ownNetworks.parse(text)).toEqual({ value: [text] });
    expect(parseNetwork(text)).not.toBeNull();
  }
});
