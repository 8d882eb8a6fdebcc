// Turns a region into the place that rounds of calls are made in: its EC2, its past, and what of it was seen and said.
import { FullTargets } from '../../../pipeline/mirror-turn/full-targets.ts';
import { MissingSessions } from '../../../pipeline/mirror-turn/missing.ts';
import { RefusedCalls } from '../../../pipeline/mirror-turn/refused-calls.ts';
import { SaidDecisions } from '../../../pipeline/mirror-turn/said.ts';
import type { Clock } from '../../../schemas/clock.ts';
import type { Ec2Mirror } from '../../../schemas/mirroring/account.ts';
import type { MirrorPast } from '../turn/past.ts';
import type { PlanAudit } from '../turn/plan-audit.ts';
import { RecentChanges } from '../turn/recent-changes.ts';
import type { RegionPlace } from '../turn/rounds.ts';
import type { MirrorTeller } from '../turn/teller.ts';

export interface RegionPlacesOptions {
  readonly account: string;
  readonly regions: ReadonlyMap<string, Ec2Mirror>;
  readonly past: Pick<MirrorPast, 'of'>;
  readonly audit: PlanAudit;
  readonly teller: MirrorTeller;
  readonly clock: Clock;
}

const newlySeen = (): Pick<RegionPlace, 'recent' | 'missing' | 'full' | 'refused'> => ({
  ...{ recent: new RecentChanges(), missing: new MissingSessions(), full: new FullTargets() },
  refused: new RefusedCalls(),
});

/** Of one process, as long as it runs. */
export class RegionPlaces {
  readonly #options: RegionPlacesOptions;
  readonly #said = new SaidDecisions();
  /** By region: what EC2's answers may not show yet, and what they do not show. */
  readonly #seen = new Map<string, ReturnType<typeof newlySeen>>();

  constructor(options: RegionPlacesOptions) {
    this.#options = options;
  }

  /** For one turn, which `signal` ends. */
  of(region: string, signal: AbortSignal, heard?: RegionPlace['heard']): RegionPlace {
    const { account, regions, past, audit, teller, clock } = this.#options;
    const ec2 = regions.get(region) ?? null;
    const seen = this.#seen.get(region) ?? newlySeen();
    if (ec2 !== null) this.#seen.set(region, seen);
    const shared = { said: this.#said, audit, teller, clock, signal, ...(heard === undefined ? {} : { heard }) };
    return { region, account, ec2, memory: past.of(region), ...seen, ...shared };
  }
}
