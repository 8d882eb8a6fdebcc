// What EC2 refused and later turns still know: full targets for ten minutes, calls of the housekeeping ever longer.
import { expect, test } from 'vitest';
import { FullTargets } from '../../../pipeline/mirror-turn/full-targets.ts';
import { RefusedCalls } from '../../../pipeline/mirror-turn/refused-calls.ts';
import type { MirrorObstacle } from '../../../schemas/mirroring/plan.ts';

const MINUTE = 60_000;
const obstacle = (what: MirrorObstacle['what'], subject: string): MirrorObstacle => ({
  ...{ what, subjects: [subject], code: 'Code', message: 'no' },
});

test('a target that is full is so for ten minutes after it was last said, and nothing else is kept', () => {
  const full = new FullTargets();
  const target = obstacle('target-full', 'tmt-1');
  full.met([target, obstacle('denied', 'eni-1')], 0);
  full.met([target], 5 * MINUTE);
  expect(full.known(15 * MINUTE - 1)).toEqual([target]);
  expect(full.known(15 * MINUTE)).toEqual([]);
});

test('a call that is refused is known for a minute, then for two; one that is about a fact of EC2 is not', () => {
  const refused = new RefusedCalls();
  const denied = obstacle('denied', 'tms-1');
  refused.met([denied, obstacle('session-gone', 'tms-2')], 0);
  expect(refused.known(MINUTE - 1)).toEqual([denied]);
  expect(refused.known(MINUTE)).toEqual([]);
  refused.met([denied], MINUTE);
  expect(refused.known(3 * MINUTE - 1)).toEqual([denied]);
  expect(refused.known(3 * MINUTE)).toEqual([]);
  expect(refused.known(62 * MINUTE)).toEqual([]); // and it begins anew
  refused.met([denied], 62 * MINUTE);
  expect(refused.known(63 * MINUTE)).toEqual([]);
});
