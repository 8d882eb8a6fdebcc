// The nouns of data that come in chunks: where they are had from, and how they end.
import type { EnvelopeReason } from '../../schemas/rejects.ts';

/** Why the data end before their end. */
export interface Damage {
  readonly reason: EnvelopeReason;
  readonly detail: string;
}

/** Data that can be read from their beginning as often as needed. Who knows that they are not whole returns why. */
export type Open = () => AsyncIterable<Buffer, Damage | null | undefined>;

/** Gives what can be had of the data, and returns how they end: null when they are whole. */
export type Chunks = AsyncGenerator<Buffer, Damage | null, void>;
