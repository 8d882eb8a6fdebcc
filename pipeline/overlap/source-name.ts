// Turns the key of a table's file into the source that wrote it, and a source's name into what it is a name of.
export type SourceName =
  | { readonly kind: 'epoch'; readonly stream: string; readonly shard: string; readonly after: string }
  | { readonly kind: 'part'; readonly identity: string; readonly part: number }
  | { readonly kind: 'replay'; readonly replay: number; readonly of: string };

/** The source of `digests/date=…/hour=…/<source>[.<piece>].parquet`. */
export const sourceOfFile = (key: string): string =>
  key.slice(key.lastIndexOf('/') + 1).replace(/(?:\.\d+)?\.parquet$/, '');

/** The inverse of `streamSource`, `backfillSource` and `replaySource`; null: none of them. */
export const parseSource = (source: string): SourceName | null => {
  const replay = /^replay-(\d{6,})-(.+)$/.exec(source);
  if (replay !== null) return { kind: 'replay', replay: Number(replay[1]), of: replay[2] };
  const part = /^backfill-([0-9a-f]{64})-(\d{6,})$/.exec(source);
  if (part !== null) return { kind: 'part', identity: part[1], part: Number(part[2]) };
  // A stream's name may have hyphens, and so has a shard's.
  const epoch = /^(.+)-(shardId-\d+)-after-(\d{56})$/.exec(source);
  return epoch === null ? null : { kind: 'epoch', stream: epoch[1], shard: epoch[2], after: epoch[3] };
};
