// Keys of requests: what is built is read again, whatever the id is.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRequestKey, requestKey } from '../../../pipeline/mirror-plan/request-key.ts';

test('a key says who asks', () => {
  expect(requestKey({ cause: 'finding', finding: 'f1', updatedAt: 5 })).toBe('finding/f1/5');
  expect(requestKey({ cause: 'launch', instance: 'i-1' })).toBe('launch/i-1');
  const ids = fc.string({ minLength: 1 });
  const finding = fc.record({ cause: fc.constant('finding' as const), finding: ids, updatedAt: fc.maxSafeInteger() });
  const instance = fc.record({ cause: fc.constantFrom('launch' as const, 'existing' as const), instance: ids });
  fc.assert(
    fc.property(fc.oneof(finding, instance), (asker) => {
      expect(readRequestKey(requestKey(asker))).toEqual(asker);
    }),
  );
});

test.each(['', 'finding/f1', 'launch/', 'session/i-1', 'x finding/f1/5'])('%j is none', (text) =>
  expect(readRequestKey(text)).toBeNull(),
);
