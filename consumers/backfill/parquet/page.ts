// Turns the header in front of a page into what it says of it.
// Source: PageHeader in parquet.thrift of Apache Parquet format 2.11.
import { ParquetDamage } from '../../shared/parquet/damage.ts';
import { ThriftReader, type ThriftStruct } from '../../shared/parquet/thrift.ts';

export interface PageHeader {
  readonly kind: 'data' | 'data2' | 'dictionary' | 'other';
  readonly headerBytes: number;
  /** Bytes in the file, and decompressed. */
  readonly stored: number;
  readonly size: number;
  readonly crc: number | null; // of the stored bytes
  readonly values: number; // with NULLs
  readonly encoding: number;
  /** data: of the levels; data2: none. */
  readonly levelEncoding: number;
  /** data2: bytes of the levels, which are never compressed. */
  readonly repetitionBytes: number;
  readonly definitionBytes: number;
  readonly compressed: boolean;
}

export const PLAIN = 0;
export const PLAIN_DICTIONARY = 2;
export const RLE = 3;
export const BIT_PACKED = 4;
export const DELTA_BINARY_PACKED = 5;
export const DELTA_LENGTH_BYTE_ARRAY = 6;
export const DELTA_BYTE_ARRAY = 7;
export const RLE_DICTIONARY = 8;
export const BYTE_STREAM_SPLIT = 9;

/** A page is decompressed as a whole; writers make them of 1 MiB, and larger ones for one huge row group. */
const MAX_PAGE_BYTES = 256 * 1024 * 1024;

const KINDS = new Map([
  [0, { kind: 'data', field: 5 }],
  [2, { kind: 'dictionary', field: 7 }],
  [3, { kind: 'data2', field: 8 }],
] as const);

const count = (struct: ThriftStruct, field: number): number => {
  const value = struct.get(field);
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ParquetDamage('a page has a header that is none');
};

/** @throws ParquetDamage, or RangeError when the header does not end in `buf`. */
export const readPageHeader = (buf: Buffer): PageHeader => {
  const reader = new ThriftReader(buf);
  const header = reader.struct();
  const { kind, field } = KINDS.get(count(header, 1) as 0 | 2 | 3) ?? { kind: 'other', field: null };
  const [size, stored, crc] = [count(header, 2), count(header, 3), header.get(4)];
  if (size > MAX_PAGE_BYTES) throw new ParquetDamage(`a page has ${size} bytes, more than ${MAX_PAGE_BYTES}`);
  const detail = field === null ? undefined : header.get(field);
  const struct: ThriftStruct = detail instanceof Map ? detail : new Map();
  const isData2 = kind === 'data2';
  return {
    kind,
    headerBytes: reader.position,
    stored,
    size,
    crc: typeof crc === 'number' ? crc >>> 0 : null,
    values: kind === 'other' ? 0 : count(struct, 1),
    encoding: kind === 'other' ? 0 : count(struct, isData2 ? 4 : 2),
    levelEncoding: kind === 'data' ? count(struct, 3) : RLE,
    definitionBytes: isData2 ? count(struct, 5) : 0,
    repetitionBytes: isData2 ? count(struct, 6) : 0,
    compressed: !isData2 || struct.get(7) !== false,
  };
};
