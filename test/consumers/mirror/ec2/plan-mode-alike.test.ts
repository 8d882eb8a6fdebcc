// Plan mode's account says what EC2 would say: random calls have the same answers and leave the same sessions and targets.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Ec2Mirror, MirrorAnswer } from '../../../../schemas/mirroring/account.ts';
import type { MirrorBed } from '../../../contracts/mirror-bed.ts';
import { fakeBed, plannedBed } from '../../../contracts/mirror-beds.ts';

const INTERFACES = [
  ...['eni-host-0', 'eni-host-1', 'eni-old', 'eni-free'],
  ...Array.from({ length: 11 }, (_, n) => `eni-source-${n}`),
];

/** Numbers are places in lists; one past the end is something unknown. */
type Call = {
  readonly kind: 'session' | 'target' | 'delete-session' | 'delete-target' | 'set-tags' | 'remove-tags';
  readonly interface: number;
  readonly target: number;
  readonly session: number;
  readonly number: number;
  readonly token: number;
};

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const call = fc.record<Call>({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('session' as const) },
    { weight: 2, arbitrary: fc.constant('target' as const) },
    { weight: 2, arbitrary: fc.constantFrom('delete-session', 'delete-target', 'set-tags', 'remove-tags') },
  ),
  ...{ interface: upTo(INTERFACES.length), target: upTo(2), session: upTo(4), number: upTo(4), token: upTo(40) },
});

/** An account with the ids of what was made in it, in order: two accounts name alike things differently. */
class Trial {
  readonly #ec2: Ec2Mirror;
  readonly #sessions: string[] = [];
  readonly #targets: string[] = [];
  #deletions = 0;

  constructor(ec2: Ec2Mirror) {
    this.#ec2 = ec2;
  }

  /** What was answered: a place in the order, a code, or ok. */
  async make(one: Call): Promise<string> {
    const session = this.#sessions[one.session] ?? 'tms-0ffff';
    const target = this.#targets[one.target] ?? 'tmt-0ffff';
    // Plan mode forgets the tokens of what was deleted; no consumer of ours uses one again.
    const token = `${one.kind}-${this.#deletions}-${one.token}`;
    const made = { interface: INTERFACES[one.interface] ?? 'eni-0ffff', description: '', tags: { a: '0' }, token };
    const settings = { filter: 'tmf-all', number: one.number, virtualNetworkId: 7, packetLength: null };
    switch (one.kind) {
      case 'session':
        return this.#placed(this.#sessions, await this.#ec2.createSession({ ...made, ...settings, target }));
      case 'target':
        return this.#placed(this.#targets, await this.#ec2.createTarget(made));
      case 'delete-session':
        this.#deletions += 1;
        return this.#said(await this.#ec2.deleteSession(session));
      case 'delete-target':
        this.#deletions += 1;
        return this.#said(await this.#ec2.deleteTarget(target));
      case 'set-tags':
        return this.#said(await this.#ec2.setTags(session, { b: '1' }));
      case 'remove-tags':
        return this.#said(await this.#ec2.removeTags(target, ['a']));
    }
  }

  async left(): Promise<unknown> {
    const sessions = (await this.#ec2.sessions()).map((one) => ({
      ...{ ...one, id: this.#sessions.indexOf(one.id), target: this.#targets.indexOf(one.target) },
    }));
    const targets = (await this.#ec2.targets()).map((one) => ({ ...one, id: this.#targets.indexOf(one.id) }));
    return { sessions: sessions.toSorted((a, b) => a.id - b.id), targets: targets.toSorted((a, b) => a.id - b.id) };
  }

  #said(answer: MirrorAnswer<unknown>): string {
    return answer.ok ? 'ok' : answer.code;
  }

  #placed(ids: string[], answer: MirrorAnswer<{ readonly id: string }>): string {
    if (!answer.ok) return answer.code;
    if (!ids.includes(answer.value.id)) ids.push(answer.value.id);
    return String(ids.indexOf(answer.value.id));
  }
}

const target = (host: number): Call => ({
  ...{ kind: 'target', interface: host, target: 0, session: 0, number: 0, token: 100 },
});

const outcome = async (bed: MirrorBed, calls: readonly Call[]): Promise<unknown> => {
  const trial = new Trial(bed.ec2);
  const answers: string[] = [];
  try {
    for (const one of calls) answers.push(await trial.make(one));
    return { answers, left: await trial.left() };
  } finally {
    bed.ec2.close();
    await bed.stop();
  }
};

test('any calls have the outcome that they have with EC2', async () => {
  const calls = fc.array(call, { minLength: 10, maxLength: 40, size: 'max' });
  const alike = fc.asyncProperty(calls, async (random) => {
    const all = [target(0), { ...target(1), token: 101 }, ...random];
    expect(await outcome(await plannedBed(), all)).toEqual(await outcome(await fakeBed(), all));
  });
  await fc.assert(alike, { numRuns: 8, endOnFailure: true }); // servers: shrinking would take minutes
});
