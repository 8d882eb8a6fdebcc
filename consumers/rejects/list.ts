// `vpcflow rejects list`: goes through the reject logs of a store and writes what is left in them, by reason and log group.
import { RejectGroups } from '../../pipeline/rejects/groups.ts';
import { listJson, listTable } from '../../pipeline/rejects/list-report.ts';
import { RowCursor } from '../../pipeline/rejects/row-ranges.ts';
import { isSelected } from '../../pipeline/rejects/selection.ts';
import type { CommandContext } from '../shared/command.ts';
import { openStoreToRead } from '../shared/query/read-store.ts';
import { showProgress } from './progress.ts';
import type { Question } from './question.ts';
import { feedOf, getRejectLog, readRejects, rejectSources } from './sources.ts';

/** Characters of a line where standard output is no terminal. */
const WIDTH = 160;

const widthOf = (stream: NodeJS.WritableStream): number =>
  'columns' in stream && typeof stream.columns === 'number' && stream.columns > 0 ? stream.columns : WIDTH;

export const listRejects = async (context: CommandContext, { selection, window }: Question): Promise<number> => {
  const { options, stdout, stderr, signal } = context;
  const store = await openStoreToRead(options.store);
  const groups = new RejectGroups();
  const progress = showProgress(stderr);
  let replayed = 0;
  try {
    for await (const source of rejectSources(store, window, selection)) {
      signal.throwIfAborted();
      const { commit, log } = source;
      const feed = await feedOf(store, commit);
      const taken = new RowCursor(source.replayed);
      for await (const { first, rejects } of readRejects(log, await getRejectLog(store, log))) {
        for (const [i, reject] of rejects.entries()) {
          if (!isSelected(selection, reject)) continue;
          if (taken.has(first + i)) replayed++;
          else groups.add(reject, feed, commit.arrival.first);
        }
      }
      progress.add(commit.counts.rejects.total);
    }
  } finally {
    progress.stop();
  }
  const list = { groups: groups.groups(), replayed };
  stdout.write(options.json ? listJson(list) : listTable(list, widthOf(stdout)));
  return 0;
};
