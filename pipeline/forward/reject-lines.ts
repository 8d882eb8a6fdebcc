// Turns a reject log into lines of JSON, a piece at a time: the rejects as they were kept, each with an id.
import { createGunzip } from 'node:zlib';

const NEWLINE = 10;

/**
 * The rejects of the log in their order, some at a time, each as the bytes of one line, its newline included: `kind`
 * (reject), `id` (`<key>#<n>`, counted from 0), then the members that it was kept with. Throws what zlib throws for
 * bytes that are no gzip.
 */
export async function* rejectLines(key: string, ndjsonGz: Uint8Array): AsyncGenerator<readonly Buffer[]> {
  const prefix = `{"kind":"reject","id":${JSON.stringify(key).slice(0, -1)}#`;
  const gunzip = createGunzip();
  gunzip.end(ndjsonGz);
  let held: Buffer = Buffer.alloc(0);
  let n = 0;
  for await (const chunk of gunzip) {
    const bytes: Buffer = Buffer.concat([held, chunk]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      // The text of an object goes on after its brace: nothing of it is parsed, and so nothing is lost.
      lines.push(Buffer.concat([Buffer.from(`${prefix}${n++}",`), bytes.subarray(start + 1, end + 1)]));
      start = end + 1;
    }
    held = Buffer.from(bytes.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (held.length > 0) throw new Error(`${key} does not end with a line`);
}
