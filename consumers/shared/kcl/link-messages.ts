// Turns what a child process has to tell its worker into lines of JSON on the link between them, and such a line back.
import { z } from 'zod';
import { ERRORS } from '../../../schemas/errors.ts';
import { LABEL_NAMES, METRICS } from '../../../schemas/metrics.ts';

/** One of the keys of a table. */
const keyOf = <K extends string>(table: Readonly<Record<K, unknown>>) =>
  z.custom<K>((key) => typeof key === 'string' && Object.hasOwn(table, key), 'is not in the table');

const LinkMessage = z.discriminatedUnion('type', [
  /** First of all. */
  z.object({ type: z.literal('hello'), pid: z.int() }),
  /** The shard that the daemon gave to this child; what is logged from here on is about it. */
  z.object({ type: z.literal('shard'), shard: z.string() }),
  z.object({
    ...{ type: z.literal('log'), level: z.enum(['debug', 'info', 'warn', 'error']), message: z.string() },
    fields: z.record(z.string(), z.unknown()),
  }),
  z.object({
    type: z.literal('metrics'),
    updates: z.array(
      z.object({
        ...{ metric: keyOf(METRICS), value: z.number() },
        labels: z.partialRecord(z.enum(LABEL_NAMES), z.string()),
      }),
    ),
  }),
  /** `Meter.forget`: the shard is no longer this worker's. */
  z.object({ type: z.literal('forget'), shard: z.string() }),
  /** The error that the child is about to end of, status 1. What was not thrown on purpose has the code VF_ENGINE. */
  z.object({
    ...{ type: z.literal('failed'), code: keyOf(ERRORS), message: z.string(), help: z.string() },
  }),
  /** A clean end follows, status 0. A link that closes without it is a child that died. */
  z.object({
    type: z.literal('end'),
    reason: z.enum(['lease-lost', 'shard-ended', 'shutdown', 'input-closed']),
  }),
]);

/** One message, child to worker. */
export type LinkMessage = z.infer<typeof LinkMessage>;

/** The message as one line, its newline included; lines end at `\n` and nowhere else (U+2028 is no line end). */
export const linkLine = (message: LinkMessage): string => `${JSON.stringify(message)}\n`;

/** The message of one line (without its newline), or null where it is none: a child of another version, or torn. */
export const parseLinkLine = (line: string): LinkMessage | null => {
  try {
    return LinkMessage.parse(JSON.parse(line));
  } catch {
    return null;
  }
};
