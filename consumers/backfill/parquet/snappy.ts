// Turns a block of Snappy's raw format into the bytes that were compressed.
// Source: "Snappy compressed format description", google/snappy.
import { ParquetDamage } from '../../shared/parquet/damage.ts';

const bad = (): ParquetDamage => new ParquetDamage('a page is no SNAPPY data');

/** @throws ParquetDamage when the block is damaged or is not of `size` bytes. */
export const unsnappy = (block: Buffer, size: number): Buffer => {
  let p = 0;
  let declared = 0;
  for (let scale = 1; ; scale *= 128) {
    if (p >= block.length || scale > 2 ** 28) throw bad();
    const byte = block[p++];
    declared += (byte & 127) * scale;
    if (byte < 128) break;
  }
  if (declared !== size) throw bad();
  const out = Buffer.allocUnsafeSlow(size);
  let at = 0;
  while (p < block.length) {
    const tag = block[p++];
    let length = tag >> 2;
    if ((tag & 3) === 0) {
      if (length >= 60) {
        const bytes = length - 59;
        if (p + bytes > block.length) throw bad();
        length = block.readUIntLE(p, bytes);
        p += bytes;
      }
      length++;
      if (p + length > block.length || at + length > size) throw bad();
      if (length <= 16) for (let i = 0; i < length; i++) out[at + i] = block[p + i];
      else block.copy(out, at, p, p + length);
      p += length;
      at += length;
      continue;
    }
    let offset: number;
    if ((tag & 3) === 1) {
      offset = ((tag >> 5) << 8) | block[p++];
      length = ((tag >> 2) & 7) + 4;
    } else {
      const bytes = (tag & 3) === 2 ? 2 : 4;
      if (p + bytes > block.length) throw bad();
      offset = block.readUIntLE(p, bytes);
      p += bytes;
      length++;
    }
    // Also false for NaN, where the block ended.
    if (!(offset > 0 && offset <= at && at + length <= size)) throw bad();
    if (offset >= length && length > 32) out.copyWithin(at, at - offset, at - offset + length);
    else for (let i = 0; i < length; i++) out[at + i] = out[at - offset + i];
    at += length;
  }
  if (at !== size) throw bad();
  return out;
};
