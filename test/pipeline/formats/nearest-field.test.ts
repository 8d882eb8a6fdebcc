// The field that was meant.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearestField } from '../../../pipeline/formats/nearest-field.ts';
import { FIELDS } from '../../../schemas/fields.ts';

const IDS = FIELDS.map(({ id }) => id);

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['srcaddr', 'srcaddr', 0],
    ['srcadr', 'srcaddr', 1],
    ['scraddr', 'srcaddr', 1], // two neighbours exchanged
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3], // no part is edited twice
  ])('%j to %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is 0 for equal texts alone, the same both ways, and never more than the longer one has characters', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});

describe('nearestField', () => {
  it('is the field itself, however it is written', () => {
    const written = fc.constantFrom<(id: string) => string>(
      (id) => id,
      (id) => id.replaceAll('-', '_'),
      (id) => id.replaceAll('-', ''),
      (id) => id.toUpperCase(),
      (id) => id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
      (id) => `\${${id}}`,
      (id) => `$${id}`,
      (id) => `{${id},`,
    );
    fc.assert(
      fc.property(fc.constantFrom(...IDS), written, (id, write) => {
        expect(nearestField(write(id))).toBe(id);
      }),
    );
  });

  it('is never further away than another field', () => {
    const edit = fc.tuple(fc.nat(), fc.constantFrom('', 'x', 'a', 'id'), fc.nat({ max: 2 }));
    fc.assert(
      fc.property(fc.constantFrom(...IDS), fc.array(edit, { maxLength: 3 }), (id, edits) => {
        let text = id.replaceAll('-', '');
        for (const [place, added, removed] of edits) {
          const at = place % (text.length + 1);
          text = text.slice(0, at) + added + text.slice(at + removed);
        }
        const nearest = nearestField(text);
        const distance = (other: string): number => editDistance(text, other.replaceAll('-', ''));
        const least = Math.min(...IDS.map(distance));
        if (nearest === null) expect(least > text.length / 3 || text === '').toBe(true);
        else expect(distance(nearest)).toBe(least);
      }),
    );
  });

  it.each([
    ['srcadr', 'srcaddr'],
    ['dst-adr', 'dstaddr'],
    ['src-port', 'srcport'],
    ['acount-id', 'account-id'],
    ['log_staus', 'log-status'],
    ['${flowdirection}', 'flow-direction'],
    ['pkt-src-addr', 'pkt-srcaddr'],
    ['tcp-flag', 'tcp-flags'],
    ['Action', 'action'],
    ['eni', 'end'], // short words have little to tell them by
  ])('%j was meant to be %j', (text, id) => {
    expect(nearestField(text)).toBe(id);
  });

  it.each(['', '${}', 'quantum-state', 'x', 'x'.repeat(10_000), '→'])('%j is near none', (text) => {
    expect(nearestField(text)).toBeNull();
  });
});
