// `vpcflow mirror release`: ends sessions of ours, by their ids, of a finding, on an interface, or all of them.

import { type Released, waitingFor } from '../../../pipeline/mirror-plan/housekeeping/plan-release.ts';
import { isOurs } from '../../../pipeline/mirror-plan/owned.ts';
import { refusalText } from '../../../pipeline/mirror-plan/permission.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import { type Ec2Mirror, type MirrorSession, TAG } from '../../../schemas/mirroring/account.ts';
import { ASKED_IDS, needsId } from '../../../schemas/mirroring/asked-ids.ts';
import type { CommandContext, Run } from '../../shared/command.ts';
import { ensureLayout } from '../../shared/store/layout.ts';
import { type CommandWork, withWork } from './command-work.ts';

/** Sessions by what was given: those that were asked for, by region, and ids of which there is none. */
interface Found {
  readonly sessions: ReadonlyMap<string, readonly MirrorSession[]>;
  readonly missing: readonly string[];
}

const SEE = 'see `vpcflow mirror sessions --state active`';

export const run: Run = async (context) => {
  assertQuestion(context);
  const { options, stdout, stderr } = context;
  return withWork(context, { writes: !options.dryRun }, async (opened) => {
    const found = await find(context, opened.account.regions);
    const all = [...found.sessions.values()].flat();
    const foreign = all.filter((session) => !isOurs(session));
    for (const { id } of foreign) stderr.write(`vpcflow: ${id} is not ours, and is left alone\n`);
    for (const id of found.missing) stderr.write(`vpcflow: there is no session ${id}; ${SEE}\n`);
    const scope = scopeOf(context);
    const waiting = scope === null ? [] : waitingFor(scope, await opened.work.waiting(context.signal));
    if (all.length + waiting.length === 0) return found.missing.length > 0 ? 1 : sayNothing(context);
    const refused = options.dryRun ? 0 : await release(context, opened, found);
    if (options.dryRun) {
      for (const session of all.filter(isOurs)) tell(context, 'would release', session);
      for (const { key } of waiting) stdout.write(`would end ${key}, which waits\n`);
    }
    return foreign.length + found.missing.length + refused > 0 ? 1 : 0;
  });
};

function assertQuestion({ args, options }: CommandContext): void {
  const { finding, interface: source, all } = options;
  const wrong = args.filter((id) => !ASKED_IDS.session.form.test(id));
  if (wrong.length > 0) {
    const given = wrong.map((id) => JSON.stringify(id)).join(', ');
    throw new VpcflowError('VF_USAGE', `mirror release ${needsId(ASKED_IDS.session)}, not ${given}`, {
      help: `${SEE}; --interface and --finding say which by what they are of`,
    });
  }
  const ways = [args.length > 0, finding !== null || source !== null, all].filter(Boolean).length;
  if (ways === 1) return;
  const what = ways === 0 ? 'mirror release needs to know what' : 'mirror release takes one way to say what';
  throw new VpcflowError('VF_USAGE', what, { help: 'give session ids, or --finding and --interface, or --all' });
}

const isAsked = ({ args, options }: CommandContext, session: MirrorSession): boolean => {
  if (args.length > 0) return args.includes(session.id);
  const { finding, interface: source } = options;
  if (!isOurs(session) || (source !== null && session.interface !== source)) return false;
  return finding === null || session.tags[TAG.finding] === finding;
};

async function find(context: CommandContext, regions: ReadonlyMap<string, Ec2Mirror>): Promise<Found> {
  const read = await Promise.all(
    [...regions].map(async ([region, ec2]) => {
      const sessions = await ec2.sessions();
      return [region, sessions.filter((session) => isAsked(context, session))] as const;
    }),
  );
  const sessions = new Map(read.filter(([, own]) => own.length > 0));
  const known = new Set([...sessions.values()].flat().map(({ id }) => id));
  return { sessions, missing: [...new Set(context.args)].filter((id) => !known.has(id)) };
}

/** What also ends requests that wait; null where sessions are meant. */
function scopeOf({ options }: CommandContext): Released | null {
  if (options.all) return { by: 'all' };
  return options.finding === null || options.interface !== null ? null : { by: 'finding', finding: options.finding };
}

/** How many could not be released. Those that are not ours go with the others, to be refused in the audit, too. */
async function release(context: CommandContext, { account, work }: CommandWork, { sessions }: Found): Promise<number> {
  const released = account.rules.mode === 'plan' ? 'released (planned)' : 'released';
  const { stdout, stderr, signal } = context;
  const scope = scopeOf(context);
  let refused = 0;
  await ensureLayout(account.store);
  for (const region of scope === null ? sessions.keys() : account.regions.keys()) {
    const byId = new Map((sessions.get(region) ?? []).map((session) => [session.id, session]));
    const { rounds } = await work.release(scope ?? { by: 'session', ids: [...byId.keys()] }, signal, [region]);
    for (const { calls, decisions, unread } of rounds) {
      if (unread !== null) throw new VpcflowError('VF_SERVICE', unread);
      const ended = decisions.filter(({ outcome, reason }) => outcome === 'refuse' && reason === 'released');
      for (const key of new Set(ended.map(({ request }) => request))) stdout.write(`ended ${key}, which waited\n`);
      for (const { action, answer } of calls) {
        const session = action.kind === 'delete-session' ? byId.get(action.id) : undefined;
        if (session === undefined) continue;
        if (answer.ok) tell(context, released, session);
        else {
          refused += 1;
          stderr.write(
            `vpcflow: ${session.id} was not released: ${refusalText(action.kind, answer)} (${answer.code})\n`,
          );
        }
      }
    }
  }
  return refused;
}

function tell({ stdout }: CommandContext, what: string, { id, interface: source, tags }: MirrorSession): void {
  const of = tags[TAG.finding] === undefined ? (tags[TAG.cause] ?? 'ours') : `finding ${tags[TAG.finding]}`;
  stdout.write(`${what} ${id} of ${source} (${of})\n`);
}

/** Nothing of ours is left of what was asked for: that is what was wanted. */
function sayNothing({ options, stderr }: CommandContext): number {
  const { finding, interface: source } = options;
  const whose = [finding === null ? '' : `of finding ${finding}`, source === null ? '' : `on ${source}`];
  const what = ['there is no session of ours', ...whose].filter((part) => part !== '').join(' ');
  stderr.write(`vpcflow: ${what}\n`);
  return 0;
}
