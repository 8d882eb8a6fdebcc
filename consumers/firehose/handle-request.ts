// Turns one request into its answer: the head, the body, the records, all of them on the stream, and only then 200.
import type { IncomingMessage } from 'node:http';
import type { AccessKeys } from '../../pipeline/firehose/access-keys.ts';
import { type Delivery, planDelivery } from '../../pipeline/firehose/delivery.ts';
import { isRefusal, type Refusal, refuse } from '../../pipeline/firehose/refusal.ts';
import { planRequest, type RequestHead } from '../../pipeline/firehose/request-head.ts';
import type { Clock } from '../../schemas/clock.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { OutgoingRecord } from '../shared/kinesis-writer.ts';
import { checkOrigin } from '../shared/loopback.ts';
import type { BytesInWork, Share } from './bytes-in-work.ts';
import { readBody } from './request-body.ts';

/** Together below the three minutes after which Firehose gives a request up and sends it again. */
const BODY_MS = 60_000;
const PUT_MS = 60_000;

/** For somebody elsewhere: which stream it is, and at which address, is told in our log. */
const NO_STREAM = 'the stream cannot be reached, or does not take records';

export interface Taken {
  readonly records: number;
  readonly bytes: number;
}

/** A refusal; what the stream has taken; or null for a client that has left. */
export type Outcome = Refusal | Taken | null;

export interface RequestServices {
  /** Null: nobody needs a key, and only this machine is answered. */
  readonly keys: (() => Promise<AccessKeys>) | null;
  /** Resolves when the stream has taken all of them; rejects with VF_STREAM when it does not before the signal aborts. */
  readonly put: (records: readonly OutgoingRecord[], signal: AbortSignal) => Promise<void>;
  /** What is done about a declared field that this version does not know. */
  readonly unknownFields: 'refuse' | 'skip';
  readonly bytes: BytesInWork;
  readonly clock: Clock;
  /** Aborted when everything has to end. */
  readonly stopping: AbortSignal;
}

/** Calls `work` with a signal that aborts after `ms`, or when all has to end. */
const within = async <T>(
  ms: number,
  { clock, stopping }: RequestServices,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const late = new AbortController();
  const done = new AbortController();
  const abort = (): void => late.abort();
  void clock.sleep(ms, done.signal).then(abort);
  stopping.addEventListener('abort', abort);
  if (stopping.aborted) abort();
  try {
    return await work(late.signal);
  } finally {
    done.abort();
    stopping.removeEventListener('abort', abort);
  }
};

const checkedOrigin = (request: IncomingMessage): Refusal | null => {
  try {
    checkOrigin(request.headers);
    return null;
  } catch (error) {
    if (error instanceof VpcflowError) return refuse(403, error.message);
    throw error;
  }
};

export const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0] ?? '';

/** A function of its own, so that nothing holds the body while its records are put. */
const readDelivery = async (
  request: IncomingMessage,
  head: RequestHead,
  share: Share,
  services: RequestServices,
): Promise<Delivery | Refusal | null> => {
  const body = await within(BODY_MS, services, (signal) => readBody(request, head, share, signal));
  return body === null || isRefusal(body) ? body : planDelivery(head, body);
};

/** Rejects only by a mistake of ours: what a request can be, and what the stream can do, is an outcome. */
export const handleRequest = async (request: IncomingMessage, services: RequestServices): Promise<Outcome> => {
  const foreign = services.keys === null ? checkedOrigin(request) : null;
  if (foreign !== null) return foreign;
  const keys = services.keys === null ? null : await services.keys();
  const { unknownFields } = services;
  const head = planRequest(request.method ?? '', pathOf(request), request.headers, { keys, unknownFields });
  if (isRefusal(head)) return head;
  const share = services.bytes.share();
  try {
    const delivery = await readDelivery(request, head, share, services);
    if (delivery === null || isRefusal(delivery)) return delivery;
    await within(PUT_MS, services, (signal) => services.put(delivery.records, signal));
    return { records: delivery.count, bytes: delivery.bytes };
  } catch (error) {
    if (error instanceof VpcflowError && error.code === 'VF_STREAM') return refuse(503, NO_STREAM, error.message);
    throw error;
  } finally {
    share.release();
  }
};
