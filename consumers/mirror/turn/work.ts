// Turns events, what waits and the passing of time into the right sessions: the screen on which a turn is read.
//
//   turn -> (one after the other) -> read the audit's news -> ignored events to the audit -> each region at once:
//           evidence -> rounds of its requests, rounds of its housekeeping -> what waits, counted
import type { AskedRequest } from '../../../pipeline/mirror-audit/audited-plan.ts';
import type { Released } from '../../../pipeline/mirror-plan/housekeeping/plan-release.ts';
import type { IgnoredMirrorEvent } from '../../../pipeline/mirror-turn/requests.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { Ec2Mirror } from '../../../schemas/mirroring/account.ts';
import type { MirrorRequest } from '../../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import type { ObjectStore } from '../../../schemas/store.ts';
import type { Forwarder } from '../../shared/forward/forwarder.ts';
import type { Log } from '../../shared/log.ts';
import { RegionPlaces } from '../account/region-places.ts';
import type { MirrorEvidence } from './evidence-for.ts';
import { MirrorPast } from './past.ts';
import { PlanAudit } from './plan-audit.ts';
import { type Preview, previewOf } from './preview.ts';
import { housekeepingOf, mirroringOf, releaseOf } from './questions.ts';
import { type RegionPlace, type RequestedCall, type RoundsReport, runRounds } from './rounds.ts';
import { MirrorTeller } from './teller.ts';
import { WaitingRequests } from './waiting.ts';

export interface MirrorWorkOptions {
  readonly store: ObjectStore;
  readonly rules: MirrorRules;
  /** That the calls are made in. */
  readonly account: string;
  /** One for each region with rules. */
  readonly regions: ReadonlyMap<string, Ec2Mirror>;
  readonly evidence: MirrorEvidence;
  /** Of no other process that runs, or ran: plans are named after it. Letters, digits and `_`. */
  readonly worker: string;
  /** How long a target that we made is kept without a session, ms; without it as the planner has it. */
  readonly grace?: number;
  /** Where the rows of the audit are forwarded to as well. */
  readonly forward?: Forwarder | null;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
}

/** What a turn is about. */
export interface Turn {
  readonly requests?: readonly AskedRequest[];
  /** Events that ask for nothing, for the audit. */
  readonly ignored?: readonly IgnoredMirrorEvent[];
  /** Regions whose own sessions, targets and instances are looked after. */
  readonly housekeeping?: 'all' | readonly string[];
  /** Whether what waits is asked again, as far as it is time. */
  readonly waiting?: boolean;
  /** Told of each answer of EC2 as it comes, also in a turn that is then left. */
  readonly heard?: (call: RequestedCall) => void;
}

export interface TurnReport {
  /** Of each region, in the order of their names: first of its requests, then of the housekeeping. */
  readonly rounds: readonly RoundsReport[];
}

const longestTtl = ({ regions }: MirrorRules): number =>
  Math.max(0, ...[...regions.values()].flatMap((rules) => rules.map(({ ttl }) => ttl * 1000)));

/** What all of them give, once all have ended; rejects with what the first of them failed with. */
const all = async <T>(work: readonly Promise<T>[]): Promise<readonly T[]> => {
  await Promise.allSettled(work);
  return await Promise.all(work);
};

/** One a process: turns are taken one after the other, whoever asks for them. */
export class MirrorWork {
  readonly #options: MirrorWorkOptions;
  readonly #past: MirrorPast;
  readonly #audit: PlanAudit;
  readonly #places: RegionPlaces;
  readonly #waiting: WaitingRequests;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: MirrorWorkOptions) {
    const { store, rules, account, clock, meter, log } = options;
    this.#options = options;
    this.#past = new MirrorPast({ store, mode: rules.mode, account, longest: longestTtl(rules), clock });
    const wrote: MirrorPast['wrote'] = (key, rows) => this.#past.wrote(key, rows);
    this.#audit = new PlanAudit({ ...options, mode: rules.mode, wrote });
    const teller = new MirrorTeller(meter, log);
    this.#places = new RegionPlaces({ ...options, past: this.#past, audit: this.#audit, teller });
    this.#waiting = new WaitingRequests(this.#past);
  }

  /**
   * Resolves when everything that the turn asks for is done, refused or waits, and the audit has it. What goes wrong with
   * EC2 is a decision, and stops nothing else. Rejects with VF_STORE_* (a plan that cannot be announced is not carried
   * out) and, once what was done so far is in the audit, with the reason of the signal: the same turn may then be asked
   * for again, here or elsewhere, and goes on where this one ended.
   */
  turn(turn: Turn, signal: AbortSignal): Promise<TurnReport> {
    return this.#inTurn(async (asked) => {
      let status = 'failed';
      try {
        const report = await this.#take(turn, signal);
        status = 'done';
        return report;
      } catch (error) {
        if (signal.aborted) status = 'stopped';
        throw error;
      } finally {
        const { meter, clock } = this.#options;
        meter.count('mirrorTurns', 1, { status });
        meter.observe('mirrorSeconds', Math.max(0, clock.now() - asked) / 1000, {});
      }
    });
  }

  /** The first plan for the requests, by region: nothing is called, and nothing written. Rejects with VF_SERVICE too. */
  preview(requests: readonly MirrorRequest[], signal: AbortSignal): Promise<readonly Preview[]> {
    return this.#inTurn(async () => {
      await this.#refresh(signal);
      return await previewOf(this.#options, requests, (region) => this.#places.of(region, signal));
    });
  }

  /** What waits, by region and key. Rejects with VF_STORE_* and the signal's reason. */
  waiting(signal: AbortSignal): Promise<readonly MirrorRequest[]> {
    return this.#inTurn(async () => {
      await this.#refresh(signal);
      const now = this.#options.clock.now();
      return [...this.#options.regions.keys()].flatMap((region) => this.#past.of(region).waiting(now));
    });
  }

  /**
   * Ends sessions that we made, as a person asks for, and what waits of the same, in every region with rules or in these.
   * Rejects as `turn` does.
   */
  release(
    what: Released,
    signal: AbortSignal,
    regions: Iterable<string> = this.#options.regions.keys(),
  ): Promise<TurnReport> {
    return this.#inTurn(async () => {
      await this.#refresh(signal);
      const places = [...regions].map((region) => this.#places.of(region, signal));
      return { rounds: await all(places.map((place) => runRounds(place, releaseOf(this.#options, place, what)))) };
    });
  }

  async #take(turn: Turn, signal: AbortSignal): Promise<TurnReport> {
    const { clock, rules, meter } = this.#options;
    const began = clock.now();
    await this.#refresh(signal);
    await this.#writeIgnored(turn.ignored ?? []);
    const asked = Map.groupBy(turn.requests ?? [], ({ request }) => request.region);
    const { housekeeping = [], waiting = false } = turn;
    const kept = new Set(housekeeping === 'all' ? rules.regions.keys() : housekeeping);
    const regions = waiting ? [...asked.keys(), ...kept, ...rules.regions.keys()] : [...asked.keys(), ...kept];
    const rounds = await all(
      [...new Set(regions)].sort().map((region) => {
        const again = waiting ? this.#waiting.due(region, began) : [];
        const requests = [...(asked.get(region) ?? []), ...again];
        const place = this.#places.of(region, signal, turn.heard);
        return this.#region(place, { requests, keep: kept.has(region), began });
      }),
    );
    this.#waiting.gauge(rules.regions.keys(), clock.now(), meter);
    return { rounds: rounds.flat() };
  }

  async #region(
    place: RegionPlace,
    { requests, keep, began }: { requests: readonly AskedRequest[]; keep: boolean; began: number },
  ): Promise<readonly RoundsReport[]> {
    const reports: RoundsReport[] = [];
    if (requests.length > 0) {
      const question = await mirroringOf(this.#options, place, requests);
      const report = await runRounds(place, question);
      reports.push(report);
      this.#waiting.asked(report, question.requests, began);
    }
    if (keep && place.ec2 !== null) {
      const report = await runRounds(place, housekeepingOf(this.#options, place));
      reports.push(report);
      place.refused.met(report.obstacles, began);
    }
    return reports;
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    for (const warning of await this.#past.refresh(signal)) this.#options.log.warn({}, `the audit: ${warning}`);
  }

  async #writeIgnored(ignored: readonly IgnoredMirrorEvent[]): Promise<void> {
    if (ignored.length === 0) return;
    const known = { session: () => null, decided: () => null };
    const plan = { decisions: [], actions: [] };
    await this.#audit.before({ account: null, region: null, requests: [], ignored, plan, world: null, known });
  }

  /** After all that was asked before it, whatever became of that. `work` is told when it was asked. */
  #inTurn<T>(work: (asked: number) => Promise<T>): Promise<T> {
    const asked = this.#options.clock.now();
    const mine = this.#last.then(() => work(asked));
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
