// `vpcflow backfill`: files and objects of S3 with flow logs into the store, each content once, on all cores.
import { DEFAULT_FEED } from '../../schemas/chain.ts';
import type { Settings } from '../../schemas/settings.ts';
import type { CommandContext, Run } from '../shared/command.ts';
import { readSettings } from '../shared/decoding-settings.ts';
import { ensureLayout } from '../shared/store/layout.ts';
import { openStore } from '../shared/store/open.ts';
import { isOfOneObject, LOADS_AT_ONCE, Loader } from './lanes/loader.ts';
import { forEachAtMost, runAhead } from './lanes/run-ahead.ts';
import { ListingFacts } from './listing/listing-facts.ts';
import { assertSources, operands, readSelection, withFixedTimes } from './listing/operands.ts';
import { SourceError } from './listing/source-error.ts';
import { assertOperand, listSources } from './listing/sources.ts';
import { DryRun } from './report/dry-run.ts';
import { Failures } from './report/failures.ts';
import { showProgress } from './report/progress.ts';
import { fieldRemarks, listingRemarks, selectionRemarks, summarize } from './report/summary.ts';
import { Totals } from './report/totals.ts';
import type { SourceObject } from './source-object.ts';

/** So many objects are listed before there is room for them: they tell how much work there is. */
const LISTED_AHEAD = 50_000;

export const run: Run = async (context: CommandContext) => {
  const { options, args, stderr, clock, signal } = context;
  const { dryRun, asNew, overlap, role, externalId } = options;
  assertSources(args, options);
  args.forEach(assertOperand);
  const settings: Settings = { ...(await readSettings(options)), logGroup: options.logGroup };
  const began = clock.now();
  const selection = readSelection(options, began);
  const feed = options.feed ?? DEFAULT_FEED;
  const setup = { store: options.store, settings, asNew, dryRun, feed, overlap, role, externalId };
  if (options.queue !== null) {
    const { followQueue } = await import('./queue/follow-queue.ts'); // with a client that others do without
    return await followQueue(context, options.queue, setup, selection);
  }
  const store = await openStore(options.store);
  const progress = await showProgress(stderr, clock);
  const loader = await Loader.open({ ...setup, onBytes: progress.add });
  const [facts, failures, totals] = [new ListingFacts(), new Failures(overlap), new Totals()];
  const estimate = new DryRun(store, facts);
  let layout: Promise<void> | null = null;
  let onlyFiles = true;

  const listed = async function* (): AsyncGenerator<SourceObject | SourceError> {
    const client = () => loader.client();
    const sources = listSources(operands(args, options.sources), { store: options.store, selection, client, facts });
    for await (const source of sources) {
      if (!(source instanceof SourceError) && !(dryRun && source.kind === 's3')) progress.expect(source.size);
      yield source;
    }
    progress.allListed();
  };

  const take = async (source: SourceObject | SourceError): Promise<void> => {
    if (source instanceof SourceError) {
      onlyFiles &&= !source.source.startsWith('s3://');
      failures.add(source, source.source);
      return;
    }
    onlyFiles &&= source.kind === 'file';
    try {
      if (dryRun && source.kind === 's3') {
        await estimate.add(source);
      } else {
        layout ??= dryRun ? Promise.resolve() : ensureLayout(store);
        await layout;
        totals.add(await loader.load(source));
      }
      progress.addObject();
    } catch (error) {
      if (signal.aborted) return;
      if (!isOfOneObject(error)) throw error;
      failures.add(error, source.name);
    }
  };

  const stop = (): void => void loader.close();
  signal.addEventListener('abort', stop);
  try {
    await forEachAtMost(runAhead(listed(), LISTED_AHEAD), LOADS_AT_ONCE, signal, take);
  } finally {
    signal.removeEventListener('abort', stop);
    await loader.close();
    progress.stop();
  }
  const say = (line: string): unknown => stderr.write(`vpcflow: ${line}\n`);
  failures.lines(withFixedTimes(options, selection)).forEach(say);
  const seconds = Math.max(clock.now() - began, 1) / 1000;
  const { loaded, known, leftOut, bytes, counts } = totals;
  const outcome = { loaded, known, leftOut, failed: failures.count, bytes, seconds, counts, files: onlyFiles };
  const unmet = signal.aborted || failures.count > 0 ? [] : selectionRemarks(facts, selection);
  for (const line of [...listingRemarks(facts), ...unmet]) stderr.write(`${line}\n`);
  if (!onlyFiles && dryRun) stderr.write(`${estimate.text()}\n`);
  if (onlyFiles || !dryRun || loaded + known > 0) stderr.write(`${summarize(outcome, dryRun)}\n`);
  for (const line of fieldRemarks(totals.unknownFields)) stderr.write(`${line}\n`);
  if (signal.aborted) say('interrupted; run it again to go on where it stopped');
  return failures.count > 0 || signal.aborted ? 1 : 0;
};
