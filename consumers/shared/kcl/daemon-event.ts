// Turns one line of the daemon's JSON log into what it says: level, logger, message, and the errors behind it.
import { z } from 'zod';
import type { LogLevel } from '../log.ts';

const LEVELS: Readonly<Record<string, LogLevel>> = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn' };

interface Throwable {
  readonly className: string;
  readonly message?: string | null | undefined;
  readonly cause?: Throwable | null | undefined;
}

const Throwable: z.ZodType<Throwable> = z.lazy(() =>
  z.object({ className: z.string(), message: z.string().nullish(), cause: Throwable.nullish() }),
);

const LogLine = z.object({
  level: z.string(),
  loggerName: z.string(),
  formattedMessage: z.string(),
  throwable: Throwable.nullish(),
});

export interface DaemonEvent {
  readonly level: LogLevel;
  /** Without its package. */
  readonly logger: string;
  readonly message: string;
  /** The error that was thrown first, as far as it is not merely wrapped: `Class: message`; null without one. */
  readonly error: string | null;
}

const simpleName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/**
 * A wrapper says nothing but the text of its cause. Below the first error that is none come the layers that it is made
 * of (a socket's, say), which know less of what was asked for.
 */
const unwrapped = (thrown: Throwable): Throwable => {
  const { cause } = thrown;
  if (cause === null || cause === undefined) return thrown;
  const saysMore = typeof thrown.message === 'string' && !thrown.message.includes(cause.className);
  return saysMore ? thrown : unwrapped(cause);
};

const describe = (thrown: Throwable): string => {
  const { className, message } = unwrapped(thrown);
  return message ? `${simpleName(className)}: ${message}` : simpleName(className);
};

/** Null when the line is no event of the daemon's log, but text that something printed. */
export const readDaemonLine = (line: string): DaemonEvent | null => {
  if (!line.startsWith('{')) return null;
  try {
    const { level, loggerName, formattedMessage, throwable } = LogLine.parse(JSON.parse(line));
    return {
      level: LEVELS[level] ?? 'error',
      logger: simpleName(loggerName),
      message: formattedMessage,
      error: throwable === null || throwable === undefined ? null : describe(throwable),
    };
  } catch {
    return null;
  }
};
