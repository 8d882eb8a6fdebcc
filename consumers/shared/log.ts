// Turns what a long-running worker has to say into lines on stderr: JSON for machines, or text for a person.
import { pino } from 'pino';
import { isTerminal } from './terminal.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured: fields first, then a sentence. Never stdout, and no data but a few escaped samples of what could not be read. */
export type Log = Readonly<Record<LogLevel, (fields: Readonly<Record<string, unknown>>, message: string) => void>>;

const LEVELS: Readonly<Record<number, LogLevel>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

/** `05:58:01 info  digesting … shard=shardId-000000000000` */
const asText = (line: string): string => {
  const { time, level, msg, ...fields }: Record<string, unknown> = JSON.parse(line);
  const clock = new Date(Number(time)).toISOString().slice(11, 19);
  const rest = Object.entries(fields).map(
    ([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${clock} ${(LEVELS[Number(level)] ?? '').padEnd(5)} ${msg}${rest.join('')}\n`;
};

/** What pino writes to. */
export interface LogDestination {
  write(line: string): void;
}

/** Lines as they come from pino; `auto` makes text of them on a terminal, and leaves JSON (an object a line) elsewhere. */
export const logDestination = (stderr: NodeJS.WritableStream, format: 'auto' | 'json' | 'text'): LogDestination => {
  const text = format === 'text' || (format === 'auto' && isTerminal(stderr));
  return { write: (line) => void stderr.write(text ? asText(line) : line) };
};

/** A log that writes there. */
export const logTo = (destination: LogDestination): Log => {
  const logger = pino({ level: 'debug', base: null }, destination);
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
};

export const createLog = (stderr: NodeJS.WritableStream, format: 'auto' | 'json' | 'text'): Log =>
  logTo(logDestination(stderr, format));
