// Asks what differs between the page's window and another one, by the question that /v1/diff answers.
import { parseExactJson } from '../../../pipeline/canonical-json.ts';
import type { Window } from '../../../schemas/query.ts';
import type { QueryService } from '../../shared/query/service.ts';
import { type DiffFormat, diffQuestion } from '../questions/diff-question.ts';
import type { PageOptions } from './links.ts';
import type { PageDifference } from './page.ts';
import { asProblem } from './page-problem.ts';
import type { DifferenceRow } from './page-tables.ts';

/** More nodes are on no picture, and their differences in no table. */
const MOST_NODES = 200;

export async function pageDifference(
  service: QueryService,
  options: PageOptions,
  against: Window,
  signal: AbortSignal,
): Promise<PageDifference> {
  const asked = { ...options, top: Math.min(options.top ?? MOST_NODES, MOST_NODES), against, incomplete: true };
  const text = async (format: DiffFormat): Promise<string> => {
    const question = diffQuestion({ ...asked, format });
    const source = await question.open?.(service, signal);
    if (source === undefined) throw new TypeError('a difference opens two windows');
    try {
      let whole = '';
      for await (const piece of question.answer(service, source, signal)) whole += piece;
      return whole;
    } finally {
      source.release();
    }
  };
  const drawing = await text('svg').then(
    (svg) => ({ svg }),
    (error) => ({ problem: asProblem(error).sentence, smaller: [] }),
  );
  return { against, drawing, rows: differenceRows(await text('json')) };
}

interface Edge {
  readonly source: string;
  readonly target: string;
}

interface Document {
  readonly added: readonly (Edge & { readonly action: string | null; readonly bytes: number | bigint })[];
  readonly removed: Document['added'];
  readonly changed: readonly (Edge & { readonly action: string | null } & Sides)[];
  readonly flipped: readonly (Edge & { readonly before: string; readonly after: string; readonly edges: Sides })[];
}

interface Sides {
  readonly before: { readonly bytes: number | bigint };
  readonly after: { readonly bytes: number | bigint };
}

function differenceRows(json: string): DifferenceRow[] {
  // diffJson wrote it.
  const { added, removed, changed, flipped } = parseExactJson(json) as Document;
  const ends = ({ source, target }: Edge) => ({ source, target });
  const sides = ({ before, after }: Sides) => ({ before: BigInt(before.bytes), after: BigInt(after.bytes) });
  const rows: DifferenceRow[] = [
    ...flipped.map(
      (one): DifferenceRow => ({
        ...{ change: 'flipped', ...ends(one), action: `${one.before} → ${one.after}`, ...sides(one.edges) },
      }),
    ),
    ...added.map(
      (one): DifferenceRow => ({
        ...{ change: 'new', ...ends(one), action: one.action ?? '–', before: 0n, after: BigInt(one.bytes) },
      }),
    ),
    ...removed.map(
      (one): DifferenceRow => ({
        ...{ change: 'gone', ...ends(one), action: one.action ?? '–', before: BigInt(one.bytes), after: 0n },
      }),
    ),
    ...changed.map(
      (one): DifferenceRow => ({
        ...{ change: 'changed', ...ends(one), action: one.action ?? '–', ...sides(one) },
      }),
    ),
  ];
  const size = ({ before, after }: DifferenceRow) => (after > before ? after - before : before - after);
  // The order of the kinds stays; within one, what differs most comes first.
  const kinds = ['flipped', 'new', 'gone', 'changed'];
  return rows.sort((a, b) => kinds.indexOf(a.change) - kinds.indexOf(b.change) || (size(a) > size(b) ? -1 : 1));
}
