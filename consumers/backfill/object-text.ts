// Turns an object into the bytes that the decoder reads, whatever kind of file it is.
import type { ObjectFile } from './object-file.ts';

/** As often as it is asked for, from the begin. */
export const objectText = (file: ObjectFile): AsyncGenerator<Buffer> => file.bytes();
