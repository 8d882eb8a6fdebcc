// Measures gzip CloudWatch envelopes -> merged minute rows, against inflating the same bytes and against naive code.
import { gunzipSync } from 'node:zlib';
import { Decoder } from '../../pipeline/decode/decode.ts';
import { EpochContents } from '../../pipeline/epoch/contents.ts';
import { IdentityWindow } from '../../pipeline/epoch/identities.ts';
import { DEFAULT_SETTINGS } from '../../schemas/settings.ts';
import { type BenchRow, medians, rate } from './measure.ts';
import { naiveDigest } from './naive.ts';
import { FIRST_SECOND, type Traffic } from './traffic.ts';

const BUDGET = 0.3;
const AIM = 0.5;

export const decodeAll = async (envelopes: readonly Buffer[]): Promise<EpochContents> => {
  const decoder = new Decoder(DEFAULT_SETTINGS);
  const contents = new EpochContents('bench', new IdentityWindow());
  decoder.target = contents;
  const arrival = (FIRST_SECOND + 900) * 1000;
  for (let i = 0; i < envelopes.length; i++) {
    await decoder.decodeRecord({ data: envelopes[i], arrival, source: 'bench', partitionKey: String(i) });
  }
  return contents;
};

export const benchDecode = async (traffic: Traffic): Promise<BenchRow[]> => {
  const { envelopes, envelopeBytes, shape, lines } = traffic;
  const check = (rows: number): void => {
    if (rows !== shape.rows) throw new Error(`${rows} rows came out of ${shape.rows}`);
  };
  const seconds = await medians(5, {
    gunzip: () => {
      for (const data of envelopes) gunzipSync(data);
    },
    ours: async () => check((await decodeAll(envelopes)).digest.rows),
    naive: () => check(naiveDigest(envelopes)),
  });
  const ratio = seconds.gunzip / seconds.ours;
  const naive = seconds.gunzip / seconds.naive;
  const what = `gz envelopes -> minute rows, ${shape.recordsPerRow} records a row`;
  const nanoseconds = (1e9 * seconds.ours) / lines;
  return [
    {
      what,
      ours: `${rate(envelopeBytes, seconds.ours)}, ${nanoseconds.toFixed(0)} ns a line`,
      baseline: `gunzip ${rate(envelopeBytes, seconds.gunzip)}`,
      ratio: ratio.toFixed(2),
      budget: `>= ${BUDGET} (aim ${AIM})`,
      ok: ratio >= BUDGET,
    },
    {
      what: '  the same, naive (JSON.parse, split, Map)',
      ours: rate(envelopeBytes, seconds.naive),
      baseline: `gunzip ${rate(envelopeBytes, seconds.gunzip)}`,
      ratio: naive.toFixed(2),
      budget: '',
      ok: null,
    },
  ];
};
