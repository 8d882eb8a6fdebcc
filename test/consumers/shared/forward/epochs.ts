// Epochs of any number of rows and rejects, made by the real decoder, and what is to be forwarded of them.

import { commitForwarded } from '../../../../consumers/digest/forward/commit-forwarded.ts';
import type { CommitHead } from '../../../../consumers/shared/epoch-writer.ts';
import type { Forwarder } from '../../../../consumers/shared/forward/forwarder.ts';
import { Decoder } from '../../../../pipeline/decode/decode.ts';
import { EpochContents, type EpochOutput } from '../../../../pipeline/epoch/contents.ts';
import { IdentityWindow } from '../../../../pipeline/epoch/identities.ts';
import { claimKey, commitKey, streamSource } from '../../../../pipeline/keys.ts';
import { settingsDocument } from '../../../../pipeline/settings.ts';
import { DECODER_VERSION, DEFAULT_SETTINGS } from '../../../../schemas/settings.ts';
import type { ObjectStore } from '../../../../schemas/store.ts';
import { SHARD, STREAM } from '../../../audited-store.ts';

export interface TestEpoch {
  readonly head: CommitHead;
  readonly commit: string;
  readonly output: EpochOutput;
  /** Of its rows and rejects. */
  readonly ids: readonly string[];
}

const BEGIN = Date.UTC(2026, 10, 20, 5, 58);

/** The n-th of a shard, with so many rows and rejects. */
export const epoch = async (n: number, rows: number, rejects = 0): Promise<TestEpoch> => {
  const source = streamSource(STREAM, SHARD, String(n));
  const at = BEGIN + n * 60_000;
  const second = at / 1000;
  const line = (i: number): string =>
    `2 123456789012 eni-1 10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255} 172.16.0.1 0 443 6 1 ${n} ${second} ${second} ACCEPT OK`;
  const lines = [
    ...Array.from({ length: rows }, (_, i) => line(i)),
    ...Array.from({ length: rejects }, (_, i) => `2 too few ${i}`),
  ];
  const contents = new EpochContents(source, new IdentityWindow());
  const decoder = new Decoder(DEFAULT_SETTINGS);
  decoder.target = contents;
  await decoder.decodeRecord({ data: Buffer.from(lines.join('\n')), arrival: at, source, partitionKey: 'p' });
  const arrival = { first: at, min: at, max: at + 59_000 };
  const output = await contents.finish(arrival, null);
  const head = {
    ...{ source, claim: claimKey(STREAM, SHARD, String(n)), arrival },
    ...{ settings: settingsDocument(DEFAULT_SETTINGS).hash, decoder: DECODER_VERSION },
  };
  const forwarded = output.objects.filter(({ table }) => table === 'digests' || table === 'rejects');
  const ids = forwarded.flatMap((object) => Array.from({ length: object.rows }, (_, i) => `${object.key}#${i}`));
  return { head, commit: commitKey(arrival.first, source), output, ids };
};

/** As a processor does. */
export const commit = (
  store: ObjectStore,
  { head, output }: TestEpoch,
  forward: Forwarder,
): Promise<'committed' | 'tombstone'> => commitForwarded(store, head, output, forward);
