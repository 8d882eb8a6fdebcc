// Says in the footer of a file that parquetjs wrote that its times are UTC, which it itself leaves out.
import type { FileMetaData } from 'parquetjs/dist/gen-nodejs/parquet_types.js';

const MAGIC_BYTES = 4;
const LENGTH_BYTES = 4;

/**
 * The same file with the logical type TIMESTAMP(isAdjustedToUTC, MILLIS) beside each TIMESTAMP_MILLIS, as the digests
 * have it: without it DuckDB compares the two by the clock of whoever asks. Format: "Parquet Logical Type Definitions".
 */
export async function withUtcTimes(file: Buffer): Promise<Buffer> {
  const { ParquetEnvelopeReader } = await import('parquetjs');
  const types = (await import('parquetjs/dist/gen-nodejs/parquet_types.js')).default;
  const { serializeThrift } = await import('parquetjs/dist/lib/util.js');
  const reader = await ParquetEnvelopeReader.openBuffer(file);
  const metadata: FileMetaData = await reader.readFooter();
  for (const element of metadata.schema) {
    if (element.converted_type !== types.ConvertedType.TIMESTAMP_MILLIS) continue;
    const unit = new types.TimeUnit({ MILLIS: new types.MilliSeconds() });
    element.logicalType = new types.LogicalType({
      TIMESTAMP: new types.TimestampType({ isAdjustedToUTC: true, unit }),
    });
  }
  const footer = serializeThrift(metadata);
  const end = file.length - MAGIC_BYTES - LENGTH_BYTES;
  const data = file.subarray(0, end - file.readUInt32LE(end));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([data, footer, length, file.subarray(file.length - MAGIC_BYTES)]);
}
