// Turns requests into the first plan for them, by region: what would be done, and nothing of it is.
import type { MirrorPlan, MirrorRequest, MirrorWorld } from '../../../schemas/mirroring/plan.ts';
import { type Asking, mirroringOf } from './questions.ts';
import { emptyWorld, type RegionPlace } from './rounds.ts';

export interface Preview {
  readonly region: string;
  /** With their evidence. */
  readonly requests: readonly MirrorRequest[];
  readonly world: MirrorWorld;
  readonly plan: MirrorPlan;
}

/** Nothing is called, and nothing written. Rejects with VF_SERVICE, and with the signal's reason. */
export const previewOf = async (
  asking: Asking,
  requests: readonly MirrorRequest[],
  placeOf: (region: string) => RegionPlace,
): Promise<readonly Preview[]> => {
  const byRegion = Map.groupBy(requests, ({ region }) => region);
  return await Promise.all(
    [...byRegion].map(async ([region, own]) => {
      const place = placeOf(region);
      const { ec2, account, clock } = place;
      const asked = own.map((request) => ({ request, eventId: null }));
      const question = await mirroringOf(asking, place, asked);
      const world = ec2 === null ? emptyWorld(account, region, clock.now()) : await question.observe(ec2);
      const plan = question.plan(world, []);
      return { region, requests: question.requests.map(({ request }) => request), world, plan };
    }),
  );
};
