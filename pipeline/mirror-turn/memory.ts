// Turns the audit and the account as it was read into what a plan remembers: a session that vanished is a released one.
import type { MirrorMemory, MirrorWorld } from '../../schemas/mirroring/plan.ts';
import type { Ledger } from '../mirror-audit/ledger.ts';
import { READ_LAG } from '../mirror-plan/limits.ts';
import { purposeOf, purposeOn } from '../mirror-plan/purpose.ts';

/**
 * The housekeeping writes down within a minute that somebody deleted a session; a finding that comes again before that
 * must not make it anew.
 */
export const memoryOf = (ledger: Ledger, { sessions, now }: Pick<MirrorWorld, 'sessions' | 'now'>): MirrorMemory => {
  const there = new Set(sessions.map(({ id }) => id));
  const gone = ledger
    .sessions()
    .filter(({ session_id, started }) => !there.has(session_id) && started + READ_LAG <= now)
    .filter(({ session_id }) => !ledger.ending(session_id));
  const vanished = new Map(
    gone.map(({ finding_id, interface_id, started }) => [purposeOn(interface_id, purposeOf(finding_id)), started]),
  );
  let over: ReadonlyMap<string, number> | null = null; // few plans make a session
  return {
    decided: (finding) => ledger.latest(finding),
    released: (finding, networkInterface) => {
      const known = ledger.released(finding, networkInterface);
      const started = vanished.get(purposeOn(networkInterface, purposeOf(finding)));
      if (known !== null || started === undefined) return known;
      // It was made for no later state than the one by which the interface was last looked at.
      return finding === null ? now : (ledger.decidedOn(finding, networkInterface)?.updatedAt ?? started);
    },
    ended: (finding, networkInterface) => {
      over ??= countOver(ledger, there, now);
      return over.get(purposeOn(networkInterface, purposeOf(finding))) ?? 0;
    },
  };
};

/**
 * By purpose and interface, the sessions that the audit knows and that are not there: also where it does not say yet
 * that they ended, so that it says the same before and after somebody writes that down.
 */
const countOver = (ledger: Ledger, there: ReadonlySet<string>, now: number): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { session_id, interface_id, finding_id, ended, started } of ledger.histories()) {
    const isOver = ended !== null || ledger.ending(session_id) || started + READ_LAG <= now;
    if (there.has(session_id) || !isOver) continue;
    const key = purposeOn(interface_id, purposeOf(finding_id));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
};
