// Compares the sessions that the audit knows with those that EC2 has: what is gone, not ours, or not in the audit.
import type { MirrorSession } from '../../schemas/mirroring/account.ts';
import { isOurs } from '../mirror-plan/owned.ts';
import type { MirroringAnswer, MirroringHistory, MirroringQuestion } from './mirroring-answer.ts';

/** What EC2 has, in the mode in which it was asked: what was only planned stands beside it in plan mode. */
export interface ObservedSessions {
  readonly mode: string;
  readonly account: string;
  readonly region: string;
  readonly sessions: readonly MirrorSession[];
}

/**
 * One sentence each, by region: active sessions of the answer that EC2 does not have; then, where the question is not
 * about one finding or instance, sessions that are not ours, and such of ours as the audit does not know.
 */
export function ec2Remarks(
  answer: MirroringAnswer,
  { sessions: known }: MirroringHistory,
  question: MirroringQuestion,
  observed: readonly ObservedSessions[],
): readonly string[] {
  const audited = new Set(known.map(({ session_id }) => session_id));
  return observed.flatMap(({ mode, account, region, sessions }) => {
    const there = new Set(sessions.map(({ id }) => id));
    const gone = answer.sessions.filter(
      (one) =>
        one.state === 'active' &&
        one.mode === mode &&
        one.account_id === account &&
        one.region === region &&
        !there.has(String(one.session_id)),
    );
    const others = sessions.filter(
      (one) =>
        question.finding === null &&
        question.instance === null &&
        (question.interface === null || one.interface === question.interface) &&
        !(isOurs(one) && audited.has(one.id)),
    );
    return [
      ...gone.map(
        (one) =>
          `${String(one.session_id)} of ${String(one.interface_id)} is not in ${region} any more: somebody deleted it, or EC2 did with its interface`,
      ),
      ...others.map((one) => {
        const place = `${one.id} of ${one.interface} to ${one.target} in ${region}`;
        return isOurs(one) ? `${place} is ours by its tags, and not in the audit` : `${place} is not ours`;
      }),
    ];
  });
}
