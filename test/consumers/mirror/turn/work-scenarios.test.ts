// Whatever happens to findings, workers, calls and sessions, in any order: in the end exactly the sessions that a model
// of one finding after the other says, until when it says.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StreamRecord } from '../../../../schemas/processor.ts';
import { findingEvent, findingId } from '../bridge-events.ts';
import { LAUNCHES_TARGETS, RULE, rulesOf, WorkBed, type Worker, worldOf } from './work-bed.ts';

const RUNS = Number(process.env.VPCFLOW_FAULT_RUNS ?? 6);
const TTL = 7200; // s
const INSTANCES = 2;
const IDS = ['f0', 'g0', 'f1', 'g1']; // two of each instance: `f1` is about i-1

const about = fc.constantFrom(...IDS);
/** A state that was updated so many seconds before its event, or an hour after it. */
const state = fc.record({
  id: about,
  age: fc.oneof({ weight: 5, arbitrary: fc.nat(900) }, { weight: 1, arbitrary: fc.constant(-3600) }),
  archived: fc.nat(3).map((n) => n === 0),
});
const fault = fc.record({
  action: fc.constantFrom('CreateTrafficMirrorSession', 'DeleteTrafficMirrorSession', 'CreateTags', 'RunInstances'),
  how: fc.constantFrom({ error: 'RequestLimitExceeded' }, { error: 'UnauthorizedOperation' }, {
    cut: 'after',
  } as const),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), states: fc.array(state, { maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), which: fc.nat(99) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('minutes' as const), count: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hours' as const), count: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('kill' as const), after: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fault' as const), fault }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take' as const), id: about, past: fc.boolean() }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const scenario = fc.record({
  launches: fc.boolean(),
  lag: fc.nat(2),
  steps: fc.array(step, { minLength: 4, maxLength: 12 }),
});

interface Known {
  readonly updated: number; // Unix ms, as it counts
  readonly until: number | null; // Unix ms; null: nothing is to be mirrored
}

/** What there should be, and the worker of the moment. */
class Play {
  readonly #bed: WorkBed;
  readonly #known = new Map<string, Known>();
  readonly #sent: { readonly id: string; readonly event: object }[] = [];
  #worker: Worker;
  #left = 0; // steps until the worker is killed; 0: it lives

  constructor(bed: WorkBed) {
    this.#bed = bed;
    this.#worker = this.#hire();
  }

  #hire(): Worker {
    this.#left = 0;
    const worker: Worker = this.#bed.worker(() => {
      if (this.#left > 0 && --this.#left === 0) worker.kill();
    });
    return worker;
  }

  /** As an engine does: what a worker did not end is given to the next, who may look around first. */
  async #through(work: (worker: Worker) => Promise<unknown>): Promise<void> {
    for (let times = 0; times < 3; times += 1) {
      try {
        await work(this.#worker);
        return;
      } catch (error) {
        if (!String(error).includes('killed')) throw error;
        this.#worker = this.#hire();
        const { work: heir, stop } = this.#worker;
        if (times === 0) await heir.turn({ housekeeping: 'all', waiting: true }, stop.signal);
      }
    }
    throw new Error('killed again and again');
  }

  async #minutes(count: number): Promise<void> {
    for (let passed = 0; passed < count; passed += 1) {
      await this.#bed.pass(1);
      await this.#through(({ work, stop }) => work.turn({ housekeeping: 'all', waiting: true }, stop.signal));
    }
  }

  /** Nothing is refused any more, and what waited was asked again. */
  async #quiet(): Promise<void> {
    this.#left = 0;
    this.#bed.fake.lift();
    await this.#bed.pass(30);
    await this.#minutes(6);
  }

  async #send(states: Extract<Step, { do: 'send' }>['states']): Promise<void> {
    const now = this.#bed.clock.now();
    const once = [...new Map(states.map((one) => [one.id, one])).values()];
    const events = once.map(({ id, age, archived }) => {
      const more = { at: now, updatedAt: now - age * 1000, archived };
      return { id, event: findingEvent({ id, instance: `i-${id.slice(1)}`, ...more }) };
    });
    this.#sent.push(...events);
    await this.#deliver(this.#bed.records(events.map(({ event }) => event)));
    for (const { id, age, archived } of once) {
      const updated = now - Math.max(age, 0) * 1000;
      const known = this.#known.get(id);
      if (known !== undefined && (known.updated > updated || (known.updated === updated && !archived))) continue;
      const until = Math.max(this.#until(id) ?? 0, now + TTL * 1000);
      this.#known.set(id, { updated, until: archived ? null : until });
    }
  }

  #deliver(records: readonly StreamRecord[]): Promise<void> {
    return this.#through((worker) => this.#bed.deliver(worker, records));
  }

  #until(id: string): number | null {
    const until = this.#known.get(id)?.until ?? null;
    return until === null || until <= this.#bed.clock.now() ? null : until;
  }

  /** Somebody ends a session: with our command, or past us. */
  async #take(id: string, past: boolean): Promise<void> {
    await this.#quiet();
    const { sessions } = this.#bed.fake.state;
    const own = [...sessions.values()].find(({ tags }) => tags.get('vpcflow:finding') === findingId(id));
    const known = this.#known.get(id);
    if (own === undefined || known === undefined) return;
    if (past) sessions.delete(own.id);
    else await this.#through(({ work, stop }) => work.release({ by: 'session', ids: [own.id] }, stop.signal));
    this.#known.set(id, { ...known, until: null });
  }

  async take(one: Step): Promise<void> {
    await this.#bed.clock.advance(1000);
    if (one.do === 'send') await this.#send(one.states);
    else if (one.do === 'minutes') await this.#minutes(one.count);
    else if (one.do === 'hours') await this.#bed.pass(one.count * 60);
    else if (one.do === 'kill') this.#left = one.after;
    else if (one.do === 'fault') this.#bed.fake.inject({ action: one.fault.action, times: 2, ...one.fault.how });
    else if (one.do === 'take') await this.#take(one.id, one.past);
    else if (this.#sent.length > 0)
      await this.#deliver(this.#bed.records([this.#sent[one.which % this.#sent.length].event]));
  }

  /** `[what there should be, what there is]` of our sessions, and what of others. */
  async end(): Promise<readonly [readonly string[], readonly string[]]> {
    await this.#quiet();
    const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
    const want = IDS.flatMap((id) => {
      const until = this.#until(id);
      return until === null ? [] : [`eni-${id.slice(1)} ${findingId(id)} ${time(until)}`];
    });
    const have = [...this.#bed.fake.state.sessions.values()].map(
      ({ interface: on, tags }) => `${on} ${tags.get('vpcflow:finding')} ${tags.get('vpcflow:expires')}`,
    );
    return [['eni-0 undefined undefined', ...want].sort(), have.sort()];
  }
}

test('exactly the right sessions', { timeout: 60_000 + RUNS * 5_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ launches, lag, steps }) => {
      const rule = { ...(launches ? LAUNCHES_TARGETS : RULE), ttl: TTL };
      const foreign = [{ id: 'tms-f', interface: 'eni-0', target: 'tmt-2', number: 9 }];
      const bed = await WorkBed.open(rulesOf({}, rule), { ...worldOf(INSTANCES), sessions: foreign });
      try {
        bed.fake.settings.now = () => bed.clock.now();
        bed.fake.settings.lag = lag;
        const play = new Play(bed);
        for (const one of steps) await play.take(one);
        bed.fake.settings.lag = 0;
        const [want, have] = await play.end();
        expect(have).toEqual(want);
        expect(bed.fake.calls.filter(({ answer }) => answer === 'IdempotentParameterMismatch')).toEqual([]);
        const announced = (await bed.rows()).filter(({ phase }) => phase === 'calling').map(({ token }) => token);
        const tokens = bed.fake.changes().flatMap(({ parameters }) => parameters.ClientToken ?? []);
        expect(announced).toEqual(expect.arrayContaining(tokens));
        expect(bed.fake.state.targets.has('tmt-1') && bed.fake.state.targets.has('tmt-2')).toBe(true);
      } finally {
        await bed.close();
      }
    }),
    { numRuns: RUNS },
  );
});
