// Turns a field id that nobody knows into the one that was meant.
import { FIELDS } from '../../schemas/fields.ts';

/**
 * Edits that make one text of the other: a character inserted, removed, replaced, or two neighbours exchanged (Damerau's
 * distance in its restricted form, where no part is edited twice).
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = []; // the row for two characters of `a` less
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (exchanged) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

/** A longer token is no misspelled field. */
const LONGEST = 64;

/** The words of an id however they are written: `${dstPort}`, `DST_PORT` and `$dst-port` are alike. */
const bare = (text: string): string => text.replace(/[^A-Za-z0-9]/g, '').toLowerCase();

const BARE_IDS = FIELDS.map(({ id }) => [id, bare(id)] as const);

/**
 * The known field id that is nearest to `text`, whatever stands around it (`${`, `}`), in either case, with hyphens,
 * underscores or neither; of equally near ones the first of the table. Null when more than a third of it had to change.
 */
export function nearestField(text: string): string | null {
  const wanted = bare(text);
  if (wanted === '' || wanted.length > LONGEST) return null;
  let nearest: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const [id, known] of BARE_IDS) {
    if (Math.abs(known.length - wanted.length) >= least) continue;
    const distance = editDistance(wanted, known);
    if (distance < least) {
      least = distance;
      nearest = id;
    }
  }
  return nearest;
}
