// Keeps which requests wait, and when each is asked again: the more often EC2 refused what it needs, the later.
import type { AskedRequest } from '../../../pipeline/mirror-audit/audited-plan.ts';
import { Backoff } from '../../../pipeline/mirror-turn/backoff.ts';
import type { Meter } from '../../../schemas/metrics.ts';
import type { MirrorPast } from './past.ts';
import type { RoundsReport } from './rounds.ts';

/** Of one process. What waits is in the audit; how often it was refused is known here only. */
export class WaitingRequests {
  readonly #past: Pick<MirrorPast, 'of'>;
  readonly #backoff = new Backoff();

  constructor(past: Pick<MirrorPast, 'of'>) {
    this.#past = past;
  }

  /** What waits, and was not refused a moment ago. `now`: Unix ms. */
  due(region: string, now: number): readonly AskedRequest[] {
    const waiting = this.#past.of(region).waiting(now);
    return waiting.filter(({ key }) => this.#backoff.isDue(key, now)).map((request) => ({ request, eventId: null }));
  }

  /** Requests of which a call was refused and that still wait are asked less and less often. */
  asked({ decisions, calls }: RoundsReport, requests: readonly AskedRequest[], now: number): void {
    const refused = new Set(calls.filter(({ answer }) => !answer.ok).map(({ request }) => request));
    const waiting = new Set(decisions.filter(({ outcome }) => outcome === 'wait').map(({ request }) => request));
    for (const { request } of requests) {
      if (refused.has(request.key) && waiting.has(request.key)) this.#backoff.refused(request.key, now);
      else this.#backoff.cleared(request.key);
    }
  }

  /** How many wait, and for how long. */
  gauge(regions: Iterable<string>, now: number, meter: Meter): void {
    const waiting = [...regions].flatMap((region) => this.#past.of(region).waiting(now));
    meter.set('mirrorWaiting', waiting.length, {});
    const oldest = Math.min(now, ...waiting.map(({ at }) => at));
    meter.set('mirrorWaitingSeconds', (now - oldest) / 1000, {});
    this.#backoff.keep(new Set(waiting.map(({ key }) => key)));
  }
}
