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
  return {
    decided: (finding) => ledger.decided(finding),
    released: (finding, networkInterface) => {
      const known = ledger.released(finding, networkInterface);
      const started = vanished.get(purposeOn(networkInterface, purposeOf(finding)));
      if (known !== null || started === undefined) return known;
      // It was made for no later state than the one that was known then.
      return finding === null ? now : (ledger.decided(finding)?.updatedAt ?? started);
    },
  };
};
