// Turns gzip envelopes into merged rows as one would write it in ten minutes: the lower baseline of the decoding bench.
import { gunzipSync } from 'node:zlib';

interface NaiveRow {
  flows: number;
  packets: number;
  bytes: number;
  start: number;
  end: number;
}

interface Message {
  readonly logEvents: readonly { readonly message: string }[];
}

export const naiveDigest = (envelopes: readonly Buffer[]): number => {
  const rows = new Map<string, NaiveRow>();
  for (const data of envelopes) {
    const { logEvents }: Message = JSON.parse(gunzipSync(data).toString());
    for (const { message } of logEvents) {
      const f = message.split(' ');
      if (f[13] !== 'OK') continue;
      const source = Number(f[5]);
      const destination = Number(f[6]);
      const folded = source >= destination ? `0 ${destination}` : `${source} 0`;
      const start = Number(f[10]);
      const key = `${Math.floor(start / 60)} ${f[1]} ${f[2]} ${f[3]} ${f[4]} ${folded} ${f[7]} ${f[12]}`;
      const row = rows.get(key);
      if (row === undefined) {
        rows.set(key, { flows: 1, packets: Number(f[8]), bytes: Number(f[9]), start, end: Number(f[11]) });
      } else {
        row.flows += 1;
        row.packets += Number(f[8]);
        row.bytes += Number(f[9]);
        row.start = Math.min(row.start, start);
        row.end = Math.max(row.end, Number(f[11]));
      }
    }
  }
  return rows.size;
};
