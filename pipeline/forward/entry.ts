// Turns what of an epoch, or of the audit of mirroring, is to be forwarded into the head of its file in the spool, and that head back.
// A file is the head (a magic word, a length, JSON), then the objects' own bytes one after the other.
import { z } from 'zod';

/** What is sent: as --forward-what says of epochs; of the consumer of mirroring its audit. */
export type ForwardWhat = 'digests' | 'rejects' | 'both' | 'mirroring';

/** An object of the store, as it waits to be forwarded. */
export interface ForwardedObject {
  readonly key: string;
  readonly table: string;
  readonly rows: number;
  readonly body: Uint8Array;
}

const MAGIC = Buffer.from('vpcflow1');
/** Of the magic word and the length (32 bits, little-endian) before the JSON. */
export const PREFIX_BYTES = MAGIC.length + 4;

const whole = z.int().nonnegative();

const Head = z.strictObject({
  source: z.string().min(1),
  /** Key of the commit that makes it count. */
  commit: z.string().min(1),
  objects: z.array(
    z
      .strictObject({ key: z.string(), table: z.enum(['digests', 'rejects', 'mirroring']), rows: whole, bytes: whole })
      .readonly(),
  ),
});

export type EntryHead = Readonly<z.infer<typeof Head>>;

/** The objects that are forwarded, in their order; none is empty. */
export const forwarded = (objects: readonly ForwardedObject[], what: ForwardWhat): readonly ForwardedObject[] =>
  objects.filter(({ table, rows }) => {
    const wanted = what === 'both' ? table === 'digests' || table === 'rejects' : table === what;
    return wanted && rows > 0;
  });

/** The bytes before the objects' own. */
export const encodeHead = (source: string, commit: string, objects: readonly ForwardedObject[]): Buffer => {
  const described = objects.map(({ key, table, rows, body }) => ({ key, table, rows, bytes: body.length }));
  const json = Buffer.from(JSON.stringify({ source, commit, objects: described }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([MAGIC, length, json]);
};

/** Bytes of the JSON, by what stands before it. Throws Error for another file. */
export const headLength = (prefix: Buffer): number => {
  if (prefix.length !== PREFIX_BYTES || !prefix.subarray(0, MAGIC.length).equals(MAGIC))
    throw new Error('it is no file of the spool');
  return prefix.readUInt32LE(MAGIC.length);
};

/** Throws for what is no head. */
export const decodeHead = (json: Buffer): EntryHead => Head.parse(JSON.parse(json.toString()));
