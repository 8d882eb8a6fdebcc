// Digests the records of a file several times over, as one arrival minute, and prints its own peak memory as JSON.
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { digestInto } from './processor.ts';

const [file, times, directory] = process.argv.slice(2);

function* records(): Generator<Buffer> {
  const length = Buffer.alloc(4);
  for (let n = 0; n < Number(times); n++) {
    const input = openSync(file, 'r');
    while (readSync(input, length) === 4) {
      const data = Buffer.alloc(length.readUInt32LE());
      readSync(input, data);
      yield data;
    }
    closeSync(input);
  }
}

const started = performance.now();
const store = await digestInto(join(directory, 'store'), records());
const seconds = (performance.now() - started) / 1000;
let rows = 0;
let flows = 0;
for await (const { key } of store.list('commits/')) {
  const commit: { counts: { flows: number }; objects: readonly { table: string; rows: number }[] } = JSON.parse(
    Buffer.from((await store.get(key))!.body).toString(),
  );
  flows += commit.counts.flows;
  for (const object of commit.objects) if (object.table === 'digests') rows += object.rows;
}
const peak = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ peak, rows, flows, seconds }));
