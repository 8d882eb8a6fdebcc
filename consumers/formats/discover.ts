// Turns the flow logs of an account into its formats file: reads DescribeFlowLogs, shows what changes, writes.
import { realpath, rename, rm, writeFile } from 'node:fs/promises';
import { discover, type FlowLogFacts, unknownFields } from '../../pipeline/formats/discovery.ts';
import { formatsText, parseFormatsDocument } from '../../pipeline/formats/formats-document.ts';
import { idlePatterns, mergeRules } from '../../pipeline/formats/merge-rules.ts';
import { formatMany } from '../../pipeline/quantities.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { FormatRule } from '../../schemas/settings.ts';
import type { Run } from '../shared/command.ts';
import { readFormats } from '../shared/decoding-settings.ts';
import { systemCode } from '../shared/store/failure.ts';
import { describeFlowLogs } from './flow-logs.ts';
import { changesLines, discoveryLines, unknownLines } from './report.ts';

/** The rules that there are; none where there is no file yet. */
const existingRules = async (path: string): Promise<readonly FormatRule[] | null> => {
  try {
    return (await readFormats(path, 'skip')).map(({ logGroup, format }) => ({ logGroup, format }));
  } catch (error) {
    const cause = error instanceof VpcflowError ? error.cause : null;
    if (systemCode(cause) === 'ENOENT') return null;
    throw error;
  }
};

/** Whoever reads meanwhile reads the old file or the new one. A link stays a link. */
const replaceFile = async (path: string, text: string): Promise<void> => {
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${process.pid}.new`;
  try {
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    const help = 'check that its directory exists and may be written';
    throw new VpcflowError('VF_SOURCE_UNREADABLE', `cannot write ${path}`, { cause: error, help });
  }
};

/**
 * `vpcflow formats discover`: 0, or 1 where a region could not be asked, a log group has more than one format, or a
 * reader of the file would stop at a field, without --unknown-fields skip; what was found is written in any case.
 * @throws VF_SERVICE when nothing could be asked; VF_BAD_FORMAT for a file that is none; VF_SOURCE_UNREADABLE for one
 * that cannot be read or written.
 */
export const runDiscover: Run = async ({ options, stdout, stderr, signal }) => {
  const { formatsFile: path, regions, role, externalId, dryRun, unknownFields: asked } = options;
  const tell = (lines: readonly string[]): void => {
    for (const line of lines) stderr.write(`${line}\n`);
  };
  const existing = await existingRules(path);
  const flowLogs: FlowLogFacts[] = [];
  const places = regions.length === 0 ? [null] : [...new Set(regions)];
  let failed = false;
  for (const region of places) {
    try {
      flowLogs.push(...(await describeFlowLogs({ region, role, externalId }, signal)));
    } catch (error) {
      if (!(error instanceof VpcflowError) || places.length === 1 || error.code !== 'VF_SERVICE') throw error;
      failed = true;
      tell([error.sentence]);
    }
  }
  const discovered = discover(flowLogs);
  const { rules, changes } = mergeRules(existing ?? [], discovered.rules);
  const logGroups = flowLogs.flatMap(({ logGroup }) => (logGroup === null ? [] : [logGroup]));
  const unknown = unknownFields(rules);
  tell(discoveryLines(discovered));
  tell(unknownLines(unknown, asked));
  tell(changesLines(changes, failed ? [] : idlePatterns(existing ?? [], logGroups))); // who was not asked may have them
  const stops = asked === 'refuse' && unknown.length > 0;
  const status = failed || stops || discovered.conflicts.length > 0 ? 1 : 0;
  const text = formatsText(rules);
  parseFormatsDocument(text, 'skip'); // what is written can be read
  if (dryRun) {
    stdout.write(text);
    return status;
  }
  const changed = changes.some(({ kind }) => kind === 'added' || kind === 'changed');
  if (changed) await replaceFile(path, text);
  const count = formatMany(rules.length, 'rule');
  if (changed) tell([`wrote ${path}: ${count}`]);
  else
    tell([
      discovered.rules.length === 0 ? 'no log group of a flow log was found' : `${path} is as it should be: ${count}`,
    ]);
  return status;
};
