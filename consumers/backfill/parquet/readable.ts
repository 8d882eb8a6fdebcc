// Turns the metadata of a Parquet file into whether its columns use only what is read, before the first line is.

import { ParquetUnread } from '../../shared/parquet/damage.ts';
import type { RowGroup } from '../../shared/parquet/footer.ts';
import { UNREAD_CODECS } from './codec.ts';
import type { FlowColumns } from './flow-columns.ts';
import { BYTE_STREAM_SPLIT } from './page.ts';

/** @throws ParquetUnread: a file with these columns is no damaged one, and may be read once it is written otherwise. */
export const assertReadable = (groups: readonly RowGroup[], { columns }: FlowColumns): void => {
  for (const column of columns) {
    if (column === null) continue;
    for (const { chunks } of groups) {
      const { codec, encodings, encrypted } = chunks[column.index];
      if (encrypted) throw new ParquetUnread(`its column ${column.name} is encrypted`);
      const unread = UNREAD_CODECS.get(codec);
      if (unread !== undefined) throw new ParquetUnread(`its pages are compressed with ${unread}, which is not read`);
      if (!encodings.includes(BYTE_STREAM_SPLIT)) continue;
      throw new ParquetUnread(`its column ${column.name} has the encoding BYTE_STREAM_SPLIT, which is not read`);
    }
  }
};
