// The document of plan mode: what is written is what is read, and an id stands for one thing.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  askedFor,
  asPlanned,
  EMPTY_OVERLAY,
  overridden,
  parseOverlay,
  plannedId,
  serializeOverlay,
} from '../../../pipeline/mirror-planned/overlay.ts';
import { plannedInstances, runInstance } from '../../../pipeline/mirror-planned/planned-instances.ts';

const text = fc.string({ maxLength: 12 });
const tags = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  text,
  { maxKeys: 3, noNullPrototype: true },
);
const instance = fc.record({ instanceType: text, image: text, subnet: text, tags, token: text });

test('what was made and what was changed is read as it was written', () => {
  fc.assert(
    fc.property(fc.array(instance, { maxLength: 4 }), tags, fc.nat(), (asked, changed, now) => {
      let overlay = overridden(EMPTY_OVERLAY, 'session', 'tms-1', { deleted: true, tags: { ...changed, gone: null } });
      for (const one of asked)
        overlay = runInstance(overlay, { ...one, securityGroups: [] }, { vpc: 'v', zone: 'z' }, now).overlay;
      const read = parseOverlay('a key', serializeOverlay(overlay));
      expect(read).toEqual(overlay);
      expect(plannedInstances(read, now)).toHaveLength(new Set(asked.map(({ token }) => token)).size);
    }),
    { numRuns: 50 },
  );
});

test('the same request has the same mark whatever its token and the order of its members', () => {
  const mark = askedFor({ token: 'a', number: 1, tags: { x: '1', y: '2' } } as { readonly token: string });
  expect(askedFor({ tags: { y: '2', x: '1' }, token: 'b', number: 1 } as { readonly token: string })).toBe(mark);
  expect(askedFor({ token: 'a', number: 2, tags: { x: '1', y: '2' } } as { readonly token: string })).not.toBe(mark);
});

test('ids differ by kind, token and what was made before', () => {
  const ids = (['tms', 'tmt', 'i', 'eni'] as const).flatMap((kind) => [
    ...[plannedId(kind, 'a', 0), plannedId(kind, 'a', 1), plannedId(kind, 'b', 0)],
  ]);
  expect(new Set(ids.map((id) => id.slice(id.indexOf('-')))).size).toBe(ids.length);
  expect(ids.every((id) => /^(tms|tmt|i|eni)-0[0-9a-f]{16}$/.test(id))).toBe(true);
});

test('a thing with several changes has the last of each', () => {
  const thing = { id: 'tmt-1', tags: { kept: '1', changed: '2', removed: '3' } };
  let overlay = overridden(EMPTY_OVERLAY, 'target', 'tmt-1', { tags: { changed: '4', removed: null, added: '5' } });
  overlay = overridden(overlay, 'target', 'tmt-1', { tags: { added: '6' } });
  expect(asPlanned(overlay, 'target', thing)).toEqual({ ...thing, tags: { kept: '1', changed: '4', added: '6' } });
  expect(asPlanned(overlay, 'session', thing)).toBe(thing);
  expect(asPlanned(overridden(overlay, 'target', 'tmt-1', { deleted: true }), 'target', thing)).toBeNull();
});
