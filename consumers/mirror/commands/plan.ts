// `vpcflow mirror plan`: what would become of a finding or an instance: why, by which rule, which calls, and what it costs.
import { previewJson, previewText } from '../../../pipeline/mirror-plan/text/preview.ts';
import { instanceRequest } from '../../../pipeline/mirror-turn/requests.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { MirrorRequest } from '../../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import type { Run } from '../../shared/command.ts';
import type { OpenedAccount } from '../account/open-account.ts';
import { type Asked, askedFor } from './asked.ts';
import { type CommandWork, withWork } from './command-work.ts';

type Written = 'text' | 'json';

export const run: Run = async (context) => {
  const { args, options, stdout, clock, signal } = context;
  const written = formatOf(options.mirrorFormat);
  if (args.length === 0) {
    const help = 'give the file of a finding, or the id of an instance';
    throw new VpcflowError('VF_USAGE', 'mirror plan needs something to plan for', { help });
  }
  // Files are read before anything is asked of EC2.
  const asked = await Promise.all(args.map(async (what) => ({ what, asked: await askedFor(what, clock.now()) })));
  return withWork(context, { writes: false }, async (opened) => {
    for (const [i, one] of asked.entries()) {
      if (i > 0 && written === 'text') stdout.write('\n');
      stdout.write(await preview(opened, one, written, { now: clock.now(), signal }));
    }
    return 0;
  });
};

function formatOf(format: string): Written {
  if (format === 'table') return 'text';
  if (format === 'json') return 'json';
  throw new VpcflowError('VF_USAGE', `mirror plan is not written as ${format}`, { help: 'use table or json' });
}

async function preview(
  { account: opened, work }: CommandWork,
  { what, asked }: { readonly what: string; readonly asked: Asked },
  written: Written,
  { now, signal }: { readonly now: number; readonly signal: AbortSignal },
): Promise<string> {
  if (asked.kind === 'ignored') {
    const { reason, detail } = asked;
    if (written === 'json') return `${JSON.stringify({ what, ignored: reason, detail })}\n`;
    return `${what}: it asks for nothing (${reason}): ${detail}\n`;
  }
  const request = asked.kind === 'finding' ? asked.request : await requestFor(opened, asked.instance, now);
  const { rules, account } = opened;
  const [{ region, plan }] = await work.preview([request], signal);
  const { mode, guard } = rules;
  const value = { what, mode, account, region, finding: request.finding, plan, guard };
  return written === 'json' ? previewJson(value) : previewText(value);
}

/** As which of the enabled causes an instance asks: that it was there already, or else that it was launched. */
const causeOf = ({ enable }: MirrorRules): 'existing' | 'launch' =>
  enable.launches && !enable.existing ? 'launch' : 'existing';

async function requestFor(opened: OpenedAccount, instance: string, at: number): Promise<MirrorRequest> {
  const { regions, account, rules } = opened;
  for (const [region, ec2] of regions) {
    const [found] = await ec2.instances([instance]);
    if (found !== undefined) return instanceRequest(causeOf(rules), { account, region, instance, at });
  }
  const where = [...regions.keys()].join(', ');
  throw new VpcflowError('VF_NOT_FOUND', `account ${account} has no instance ${instance} in ${where}`, {
    help: 'check the id, and that the rules have its region; an instance that ended is forgotten after an hour',
  });
}
