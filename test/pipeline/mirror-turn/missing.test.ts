// When a session that we made counts as gone: missed by two looks half a minute apart.
import { expect, test } from 'vitest';
import { MissingSessions } from '../../../pipeline/mirror-turn/missing.ts';
import type { MirrorSession } from '../../../schemas/mirroring/account.ts';

const made = (id: string) => ({
  ...{ session_id: id, interface_id: 'eni', instance_id: null, rule: null, target_id: null, started: 0, expires: null },
});
const there = (...ids: readonly string[]): readonly MirrorSession[] =>
  ids.map((id, n) => ({
    ...{ id, interface: 'eni', target: 'tmt', filter: 'tmf', number: n + 1, tags: {} },
    ...{ virtualNetworkId: null, packetLength: null },
  }));
const names = (all: readonly { readonly session_id: string }[]) => all.map(({ session_id }) => session_id);

test('one look is not enough; a second one half a minute later is; one that comes back begins anew', () => {
  const missing = new MissingSessions();
  const all = [made('a'), made('b')];
  const look = (now: number, ...ids: readonly string[]) =>
    names(missing.confirmed(all, { sessions: there(...ids), now }));
  expect(look(0, 'a')).toEqual(['a']);
  expect(look(29_999, 'a')).toEqual(['a']);
  expect(look(30_000, 'a')).toEqual(['a', 'b']);
  expect(look(40_000, 'a', 'b')).toEqual(['a', 'b']);
  expect(look(50_000, 'b')).toEqual(['b']);
  expect(look(60_000)).toEqual([]);
  expect(look(80_000)).toEqual(['a']);
  expect(look(10_000)).toEqual(['a', 'b']); // the clock was set back: nothing waits for it
});
