// `vpcflow mirror backfill`: sessions for the instances that run already: first the plan, then page by page what it says.
//
// Nothing is kept of how far it came: what is done is in EC2, where the planner finds it. A run that was interrupted, and
// one that is repeated, decide `already` on it.
import { summaryText } from '../../../pipeline/mirror-plan/text/summary.ts';
import { instanceRequest } from '../../../pipeline/mirror-turn/requests.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { Ec2Mirror } from '../../../schemas/mirroring/account.ts';
import type { MirrorRequest } from '../../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import type { CommandContext, Run } from '../../shared/command.ts';
import { ensureLayout } from '../../shared/store/layout.ts';
import type { OpenedAccount } from '../account/open-account.ts';
import type { RequestedCall } from '../turn/rounds.ts';
import { BackfillTotals, showProgress } from './backfill-totals.ts';
import { type CommandWork, withWork } from './command-work.ts';

/** The requests of one page of EC2's instances. */
type Page = readonly MirrorRequest[];

export const run: Run = (context) => {
  const { options, stdout, signal } = context;
  const opening = { writes: !options.dryRun, check: assertEnabled };
  return withWork(context, opening, async (opened) => {
    const { rules } = opened.account;
    const pages = await readPages(opened.account, context);
    const previews = await opened.work.preview(pages.flat(), signal);
    const plans = previews.map(({ region, requests, plan }) => ({ region, instances: requests.length, plan }));
    stdout.write(plans.length === 0 ? 'no instance runs\n' : summaryText(plans, rules.guard));
    if (options.dryRun) return 0;
    await ensureLayout(opened.account.store);
    return await carryOut(context, opened, pages);
  });
};

function assertEnabled({ enable }: MirrorRules): void {
  if (enable.existing) return;
  throw new VpcflowError('VF_USAGE', 'the rules do not mirror instances that run already', {
    help: 'set enable: {existing: true} in the file, or give --enable existing',
  });
}

async function readPages({ regions, account }: OpenedAccount, { clock, signal }: CommandContext): Promise<Page[]> {
  const pages: Page[] = [];
  for (const [region, ec2] of regions) {
    for await (const instances of instancePages(ec2)) {
      signal.throwIfAborted();
      const at = clock.now();
      pages.push(instances.map((instance) => instanceRequest('existing', { account, region, instance, at })));
    }
  }
  return pages;
}

async function* instancePages(ec2: Ec2Mirror): AsyncIterable<readonly string[]> {
  let next: string | null = null;
  do {
    const page: Awaited<ReturnType<Ec2Mirror['instancePage']>> = await ec2.instancePage(next);
    if (page.instances.length > 0) yield page.instances.map(({ id }) => id);
    next = page.next;
  } while (next !== null);
}

async function carryOut(
  context: CommandContext,
  { account, work }: CommandWork,
  pages: readonly Page[],
): Promise<number> {
  const { stderr, signal } = context;
  const totals = new BackfillTotals(account.rules.mode);
  const progress = await showProgress(stderr, pages.flat().length);
  const heard = (call: RequestedCall): void => {
    totals.heard(call);
    progress.show(totals);
  };
  try {
    for (const page of pages) {
      const requests = page.map((request) => ({ request, eventId: null }));
      totals.add(page.length, await work.turn({ requests, heard }, signal));
      progress.show(totals);
    }
  } finally {
    progress.stop();
    for (const line of totals.lines()) stderr.write(`${line}\n`);
    for (const line of totals.problems()) stderr.write(`vpcflow: ${line}\n`);
  }
  return totals.problems().length > 0 ? 1 : 0;
}
