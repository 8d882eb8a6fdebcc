// The port rule, as a table of cases and as properties of any two ports.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PortFolding } from '../../../pipeline/decode/ports.ts';
import { Flow, NULL } from '../../../pipeline/flow.ts';
import { KEY_FIELDS } from '../../../schemas/columns.ts';
import { foldPorts } from '../../reference/line.ts';

const word = (id: string): number => KEY_FIELDS.findIndex((field) => field.id === id);

interface Ports {
  readonly source: number;
  readonly destination: number;
  readonly protocol?: number;
  readonly rejected?: boolean;
  readonly ports?: 'service' | 'all';
  readonly servicePorts?: readonly number[];
}

const fold = (given: Ports): [number, number] => {
  const { keys } = new Flow();
  keys[word('srcport')] = given.source;
  keys[word('dstport')] = given.destination;
  keys[word('protocol')] = given.protocol ?? 6;
  const folding = new PortFolding({ ports: given.ports ?? 'service', servicePorts: given.servicePorts ?? [] });
  folding.fold(keys, given.rejected ?? false);
  return [keys[word('srcport')], keys[word('dstport')]];
};

describe('service ports', () => {
  it.each<[string, Ports, [number, number]]>([
    ['the larger port is ephemeral: the source', { source: 51000, destination: 443 }, [0, 443]],
    ['the larger port is ephemeral: the destination', { source: 443, destination: 51000 }, [443, 0]],
    ['equal ports: the source becomes 0', { source: 123, destination: 123 }, [0, 123]],
    ['a rejected scan of a high port keeps both', { source: 443, destination: 51000, rejected: true }, [443, 51000]],
    ['a rejected flow to a low port is folded', { source: 51000, destination: 443, rejected: true }, [0, 443]],
    ['a rejected flow with equal ports is folded', { source: 123, destination: 123, rejected: true }, [0, 123]],
    ['ICMP has 0 and 0', { source: 8, destination: 3, protocol: 1 }, [0, 0]],
    ['ICMPv6 has 0 and 0', { source: 128, destination: 0, protocol: 58, rejected: true }, [0, 0]],
    ['any other protocol follows the same rule', { source: 51000, destination: 443, protocol: 132 }, [0, 443]],
    ['an unknown protocol follows the same rule', { source: 51000, destination: 443, protocol: NULL }, [0, 443]],
    ['NULL source', { source: NULL, destination: 51000 }, [NULL, 51000]],
    ['NULL destination', { source: 51000, destination: NULL }, [51000, NULL]],
    ['NULL ports of ICMP', { source: NULL, destination: NULL, protocol: 1 }, [NULL, NULL]],
    ['all keeps both', { source: 443, destination: 51000, ports: 'all' }, [443, 51000]],
    [
      'a listed port is kept where it is the larger',
      { source: 50051, destination: 1025, servicePorts: [50051] },
      [50051, 0],
    ],
    ['… as the destination too', { source: 1025, destination: 50051, servicePorts: [50051] }, [0, 50051]],
    [
      '… and when it was rejected',
      { source: 1025, destination: 50051, rejected: true, servicePorts: [50051] },
      [0, 50051],
    ],
    ['two listed ports are both kept', { source: 50051, destination: 443, servicePorts: [443, 50051] }, [50051, 443]],
    [
      'a scan from a listed port does not vanish',
      { source: 50051, destination: 1025, rejected: true, servicePorts: [50051] },
      [50051, 1025],
    ],
  ])('%s', (_, given, folded) => {
    expect(fold(given)).toEqual(folded);
  });

  it('agrees with the reference for any ports', () => {
    const port = fc.oneof(fc.nat(65_535), fc.constantFrom(0, 22, 443, 50051, 65535));
    const given = fc.record({
      source: port,
      destination: port,
      protocol: fc.constantFrom(1, 6, 17, 58),
      rejected: fc.boolean(),
      ports: fc.constantFrom('service' as const, 'all' as const),
      servicePorts: fc.subarray([0, 22, 443, 50051, 65535]),
    });
    fc.assert(
      fc.property(given, (g) => {
        const action = g.rejected ? 'REJECT' : 'ACCEPT';
        expect(fold(g)).toEqual(foldPorts(g, g.source, g.destination, g.protocol, action));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives both directions of an accepted connection mirrored ports, unless they are equal', () => {
    const distinct = fc.tuple(fc.nat(65_535), fc.nat(65_535)).filter(([a, b]) => a !== b);
    fc.assert(
      fc.property(distinct, ([source, destination]) => {
        const [there, back] = [fold({ source, destination }), fold({ source: destination, destination: source })];
        expect(back).toEqual([...there].reverse());
      }),
    );
  });
});
