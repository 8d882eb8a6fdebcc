// Turns what a child logs and measures into messages on the socket of its worker, and the socket's end into the child's.
import { createConnection, type Socket } from 'node:net';
import type { ErrorCode } from '../../../../schemas/errors.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { Meter } from '../../../../schemas/metrics.ts';
import type { Log, LogLevel } from '../../log.ts';
import { type LinkMessage, linkLine } from '../link-messages.ts';
import { PendingMetrics } from './pending-metrics.ts';

const SEND_EVERY = 1_000; // ms
/** Of lines that the worker has not read: beyond it log lines are dropped and counted, and metrics wait. */
const MAX_UNREAD = 1024 * 1024; // bytes
/** How long a last word may take; a worker that is stopped reads nothing. */
const LAST_WORD_WITHIN = 2_000; // ms

export type EndReason = Extract<LinkMessage, { type: 'end' }>['reason'];

export interface ParentLink {
  readonly log: Log;
  readonly meter: Meter;
  /** What is logged from here on is about this shard. */
  shard(shard: string): void;
  /** The last message: resolves once it, and all before it, is out of this process; never rejects. */
  failed(error: unknown): Promise<void>;
  end(reason: EndReason): Promise<void>;
}

/** `name: message` of an error, text for what JSON has no form for. */
const plain = (_key: string, value: unknown): unknown => {
  if (value instanceof VpcflowError) return value.sentence;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return typeof value === 'bigint' ? String(value) : value;
};

const plainFields = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  try {
    return JSON.parse(JSON.stringify(fields, plain));
  } catch (error) {
    return { unprintable: String(error) };
  }
};

/** What was not thrown on purpose is the engine's. */
const asFailure = (error: unknown): { code: ErrorCode; message: string; help: string } => {
  if (error instanceof VpcflowError) return { code: error.code, message: error.message, help: error.help };
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const { code, message, help } = new VpcflowError('VF_ENGINE', `a child process failed: ${detail}`);
  return { code, message, help };
};

/** Resolves once connected. `onGone` is called when the worker closes the socket or dies, unless the child ended first. */
export const connectParent = async (path: string, onGone: () => void): Promise<ParentLink> => {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const connecting = createConnection(path, () => {
      connecting.off('error', reject);
      resolve(connecting);
    });
    connecting.once('error', reject);
  });
  return new SocketLink(socket, onGone);
};

class SocketLink implements ParentLink {
  readonly #socket: Socket;
  readonly #pending = new PendingMetrics();
  #timer: NodeJS.Timeout | null = null;
  #dropped = 0; // log lines
  #ending = false;

  constructor(socket: Socket, onGone: () => void) {
    this.#socket = socket;
    const gone = (): void => {
      if (!this.#ending) onGone();
    };
    socket.on('error', gone);
    socket.on('close', gone);
    socket.resume(); // the worker says nothing, but its end is only seen by who reads
    this.#send({ type: 'hello', pid: process.pid });
  }

  readonly log: Log = {
    debug: (fields, message) => this.#log('debug', fields, message),
    info: (fields, message) => this.#log('info', fields, message),
    warn: (fields, message) => this.#log('warn', fields, message),
    error: (fields, message) => this.#log('error', fields, message),
  };

  readonly meter: Meter = {
    count: (metric, by, labels) => this.#measured(() => this.#pending.count(metric, by, labels)),
    set: (metric, value, labels) => this.#measured(() => this.#pending.set(metric, value, labels)),
    observe: (metric, value, labels) => this.#measured(() => this.#pending.observe(metric, value, labels)),
    forget: (shard) => {
      this.#sendMetrics();
      this.#send({ type: 'forget', shard });
    },
  };

  shard(shard: string): void {
    this.#send({ type: 'shard', shard });
  }

  failed(error: unknown): Promise<void> {
    return this.#last({ type: 'failed', ...asFailure(error) });
  }

  end(reason: EndReason): Promise<void> {
    return this.#last({ type: 'end', reason });
  }

  #log(level: LogLevel, fields: Readonly<Record<string, unknown>>, message: string): void {
    if (this.#socket.writableLength > MAX_UNREAD) {
      this.#dropped++;
      return;
    }
    this.#tellDropped();
    this.#send({ type: 'log', level, message, fields: plainFields(fields) });
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const fields = { dropped: this.#dropped };
    this.#dropped = 0;
    this.#send({ type: 'log', level: 'warn', message: 'log lines were dropped: the worker did not read them', fields });
  }

  #measured(add: () => void): void {
    add();
    this.#sendLater();
  }

  /** The timer keeps nothing alive: what is pending at the end goes out with the last message. */
  #sendLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#sendMetrics();
    }, SEND_EVERY).unref();
  }

  #sendMetrics(): void {
    if (this.#socket.writableLength > MAX_UNREAD) {
      this.#sendLater(); // they wait, and add up
      return;
    }
    const updates = this.#pending.take();
    if (updates.length > 0) this.#send({ type: 'metrics', updates });
  }

  #send(message: LinkMessage): void {
    if (!this.#ending) this.#socket.write(linkLine(message));
  }

  #last(message: LinkMessage): Promise<void> {
    if (this.#ending) return Promise.resolve();
    this.#tellDropped();
    const updates = this.#pending.take();
    if (updates.length > 0) this.#send({ type: 'metrics', updates });
    this.#ending = true;
    return new Promise((resolve) => {
      setTimeout(resolve, LAST_WORD_WITHIN);
      this.#socket.once('close', () => resolve());
      this.#socket.end(linkLine(message), () => resolve());
    });
  }
}
