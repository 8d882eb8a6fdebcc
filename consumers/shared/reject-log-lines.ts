// Turns the bytes of a reject log into its lines, a batch at a time: the text may be many times the size of the bytes.
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The lines in their order. Fails with an error of zlib, or an Error, when the log is damaged. */
export async function* rejectLogLines(body: Uint8Array): AsyncGenerator<readonly string[], void, void> {
  let rest = '';
  const text = Readable.from([body]).pipe(createGunzip()).setEncoding('utf8');
  for await (const chunk of text) {
    // Not readline: it takes U+2028 inside a reject for the end of a line.
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') throw new Error('its last line breaks off');
}
