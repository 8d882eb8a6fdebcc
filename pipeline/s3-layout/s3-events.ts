// Turns the body of a queue's message into the objects of S3 that it tells of.
import { z } from 'zod';

/** An object that was created, as its event names it. */
export interface CreatedObject {
  readonly bucket: string;
  readonly key: string; // decoded
  readonly size: number | null; // bytes
  /** As S3 gives it in an answer, quotes included. */
  readonly etag: string | null;
  readonly versionId: string | null;
}

/**
 * `created`: the objects of its events of creation, in order; none for a test event or one of any other kind (a removal,
 * a restore), which tell of nothing to read. `unknown`: it is no message of S3, and why.
 */
export type S3Message =
  | { readonly kind: 'created'; readonly objects: readonly CreatedObject[] }
  | { readonly kind: 'unknown'; readonly why: string };

const size = z.nullish(z.number());
const text = z.nullish(z.string());

/** Amazon S3 User Guide, "Event message structure": keys are URL-encoded, with + for a blank, and ETags have no quotes. */
const Notification = z.object({
  Records: z.array(
    z.object({
      eventSource: z.string(),
      eventName: z.string(),
      s3: z.object({
        bucket: z.object({ name: z.string().min(1) }),
        object: z.object({ key: z.string().min(1), size, eTag: text, versionId: text }),
      }),
    }),
  ),
});

/** The first message that a bucket sends when it is told of a queue. */
const TestEvent = z.object({ Service: z.string(), Event: z.literal('s3:TestEvent') });

/** Amazon S3 User Guide, "Using EventBridge": keys are as they are. */
const EventBridge = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.string(),
  detail: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({ key: z.string().min(1), size, etag: text, 'version-id': text }),
  }),
});

/** A topic between the bucket and the queue, without raw delivery. */
const Topic = z.object({ Type: z.literal('Notification'), Message: z.string() });

const quoted = (etag: string | null | undefined): string | null => {
  if (etag === null || etag === undefined || etag === '') return null;
  return etag.startsWith('"') ? etag : `"${etag}"`;
};

const decodedKey = (key: string): string | null => {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return null;
  }
};

const unknown = (why: string): S3Message => ({ kind: 'unknown', why });

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const ofNotification = ({ Records }: z.infer<typeof Notification>): S3Message => {
  const objects: CreatedObject[] = [];
  for (const { eventSource, eventName, s3 } of Records) {
    if (eventSource !== 'aws:s3') return unknown(`an event of ${eventSource}`);
    if (!eventName.startsWith('ObjectCreated:')) continue;
    const { key: encoded, size: bytes, eTag, versionId } = s3.object;
    const key = decodedKey(encoded);
    if (key === null) return unknown(`the key ${encoded} is not URL-encoded`);
    const known = { size: bytes ?? null, etag: quoted(eTag), versionId: versionId || null };
    objects.push({ bucket: s3.bucket.name, key, ...known });
  }
  return { kind: 'created', objects };
};

const ofEventBridge = (event: z.infer<typeof EventBridge>): S3Message => {
  if (event['detail-type'] !== 'Object Created') return { kind: 'created', objects: [] };
  const { bucket, object } = event.detail;
  const known = { size: object.size ?? null, etag: quoted(object.etag), versionId: object['version-id'] || null };
  return { kind: 'created', objects: [{ bucket: bucket.name, key: object.key, ...known }] };
};

const parse = (body: string, throughTopic: boolean): S3Message => {
  const value = parseJson(body);
  if (value === undefined) return unknown('it is not JSON');
  const topic = Topic.safeParse(value);
  if (topic.success && !throughTopic) return parse(topic.data.Message, true);
  if (TestEvent.safeParse(value).success) return { kind: 'created', objects: [] };
  const notification = Notification.safeParse(value);
  if (notification.success) return ofNotification(notification.data);
  const event = EventBridge.safeParse(value);
  return event.success ? ofEventBridge(event.data) : unknown('it is no event of S3');
};

/**
 * Reads an event notification that S3 put on the queue itself, through an SNS topic (raw delivery or not), or through
 * EventBridge. Never throws.
 */
export const parseS3Message = (body: string): S3Message => parse(body, false);
