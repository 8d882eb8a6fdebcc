// Turns digest lines into the DOT text of vpcflow-grapherd: one edge a line, then the nodes, with govpc_ attributes.
// Format: DOTConverter of go-vpcflow and, of who reads it, lineEdgeKey of vpcflow-diffd, which cuts lines at blanks:
// attributes are separated by one blank, the label comes last, and no statement ends in a semicolon.

import type { QueryValue } from '../../schemas/query.ts';
import { quoteDot } from '../graph/dot-text.ts';

/** Where the values of an edge stand among the columns of a digest line, in the order in which they are written. */
const ATTRIBUTES: readonly (readonly [name: string, column: number])[] = [
  ['accountID', 0],
  ['eniID', 1],
  ['srcPort', 4],
  ['dstPort', 5],
  ['protocol', 6],
  ['packets', 8],
  ['bytes', 9],
  ['start', 10],
  ['end', 11],
];
const [SOURCE, DESTINATION, ACTION] = [2, 3, 7];

/**
 * Written as it goes: `head`, then `edge` for each line, then `tail`. A node's id is its address, quoted: the
 * predecessor left the dots and colons out of it, so that 10.1.11.1 and 10.11.1.1 were one node. What was not logged is
 * `-`, as in a line.
 */
export class GovpcDot {
  readonly head = 'digraph {\n';
  readonly #addresses = new Set<string>();

  /** `row` has the columns of `digestLinesSql`. */
  edge(row: readonly QueryValue[]): string {
    const [source, destination] = [this.#node(row[SOURCE]), this.#node(row[DESTINATION])];
    const values = ATTRIBUTES.map(([name, column]) => ({ name, value: quoteDot(plain(row[column])) }));
    const attributes = values.map(({ name, value }) => `govpc_${name}=${value}`).join(' ');
    const label = values.map(({ name, value }) => `${name}=${value.slice(1, -1)}`).join('\\n');
    const color = row[ACTION] === 'REJECT' ? 'red' : 'green';
    return `\t${source} -> ${destination} [${attributes} color=${color} label="${label}"]\n`;
  }

  /** Every node that an edge had, by address, a line at a time, and the end. */
  *tail(): Generator<string> {
    for (const address of [...this.#addresses].sort()) {
      const name = quoteDot(address);
      yield `\t${name} [label=${name}]\n`;
    }
    yield '}\n';
  }

  #node(value: QueryValue): string {
    const address = plain(value);
    this.#addresses.add(address);
    return quoteDot(address);
  }
}

const plain = (value: QueryValue): string => (value === null ? '-' : String(value));
