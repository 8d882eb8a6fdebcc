// Scenarios: a region, a rule file and requests, with the text of each plan that follows until nothing is left to do.
import { expect, test } from 'vitest';
import { planHousekeeping } from '../../../pipeline/mirror-plan/housekeeping/plan-housekeeping.ts';
import { planMirroring } from '../../../pipeline/mirror-plan/plan-mirroring.ts';
import { obstacleOf } from '../../../pipeline/mirror-plan/reactions.ts';
import { planText } from '../../../pipeline/mirror-plan/text/plan-text.ts';
import type { MirrorObstacle, MirrorPlan } from '../../../schemas/mirroring/plan.ts';
import { expectGolden, goldenCases } from '../../golden-files.ts';
import { ModelAccount } from './model-account.ts';
import { readScenario, type Scenario } from './scenario.ts';

const MOST_ROUNDS = 8;

/** What EC2 says to the calls of a scenario: the refusals of each kind of call, one after the other. */
class Told {
  readonly #left: Map<string, (string | null)[]>;

  constructor(refusals: Scenario['refusals']) {
    this.#left = new Map(Object.entries(refusals).map(([kind, codes]) => [kind, [...codes]]));
  }

  /** Carries out the calls that are not refused. */
  carryOut(account: ModelAccount, plan: MirrorPlan): readonly MirrorObstacle[] {
    return plan.actions.flatMap((action) => {
      const code = this.#left.get(action.kind)?.shift() ?? null;
      if (code !== null) return [obstacleOf(action, { code, message: 'refused by the scenario' })];
      account.carryOut([action]);
      return [];
    });
  }
}

const stripe = (title: string): string => `== ${title}\n`;

/** Each plan of a turn; without calls only the first one. */
function rounds(
  account: ModelAccount,
  told: Told,
  plan: (obstacles: readonly MirrorObstacle[]) => MirrorPlan,
  { price, starts }: { readonly price: number; readonly starts: (account: ModelAccount) => boolean },
) {
  const texts: string[] = [];
  const obstacles: MirrorObstacle[] = [];
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const made = plan(obstacles);
    texts.push(`${stripe(`round ${round}`)}${planText(made, { sessionPrice: price })}`);
    obstacles.push(...told.carryOut(account, made));
    if (!starts(account) && made.actions.length === 0) return texts;
  }
  throw new Error('it never ends');
}

function play({ region, rules, requests, memory, made, refusals, boots, housekeeping }: Scenario): string {
  const account = new ModelAccount(region);
  const told = new Told(refusals);
  const price = rules.guard.sessionPrice;
  const mirroring = (obstacles: readonly MirrorObstacle[]) =>
    planMirroring({ rules, requests, world: account.world(), memory, obstacles });
  const facts = Object.entries(made).map(([session_id, interface_id]) => ({
    ...{ session_id, interface_id, instance_id: null, rule: null, target_id: null, expires: null, started: 0 },
  }));
  const keeping = (obstacles: readonly MirrorObstacle[]) => {
    const { plan, reports } = planHousekeeping({ world: account.world(), memory, made: facts, obstacles });
    return { ...plan, decisions: [...plan.decisions, ...reports] };
  };
  const texts =
    requests.length === 0 ? [] : rounds(account, told, mirroring, { price, starts: (one) => boots && one.boot() });
  for (const minutes of housekeeping) {
    account.now = region.now + minutes * 60_000;
    texts.push(
      stripe(`housekeeping after ${minutes} min`),
      ...rounds(account, told, keeping, { price, starts: () => false }),
    );
  }
  const left = [...account.sessions.values()].map(
    ({ id, interface: source, target, number }) => `${id}  ${source} to ${target}, number ${number}\n`,
  );
  return [...texts, stripe('sessions in the end'), ...left.sort()].join('');
}

const cases = goldenCases('mirror-plan');

test('there are scenarios', () => expect(cases.length).toBeGreaterThan(15));

test.each(cases)('$name', ({ name, input }) => {
  expectGolden('mirror-plan', `${name}.out`, play(readScenario(input)));
});
