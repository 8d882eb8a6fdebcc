// Messages of a queue, in every way that S3 can put one there.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseS3Message } from '../../../pipeline/s3-layout/s3-events.ts';

const record = (key: string, more: object = {}, eventName = 'ObjectCreated:Put') => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  awsRegion: 'eu-west-1',
  eventTime: '2026-11-20T05:00:00.000Z',
  eventName,
  s3: {
    s3SchemaVersion: '1.0',
    bucket: { name: 'logs', arn: 'arn:aws:s3:::logs' },
    object: { key, size: 7, eTag: 'abc', sequencer: '0055AED6DCD90281E5', ...more },
  },
});
const notification = (...records: readonly object[]) => JSON.stringify({ Records: records });
const one = { bucket: 'logs', key: 'a/b c.gz', size: 7, etag: '"abc"', versionId: null };

describe('an object that was created', () => {
  test('is told by the bucket itself', () => {
    expect(parseS3Message(notification(record('a/b+c.gz')))).toEqual({ kind: 'created', objects: [one] });
  });

  test('is told through a topic', () => {
    const body = JSON.stringify({ Type: 'Notification', TopicArn: 'arn', Message: notification(record('a/b+c.gz')) });
    expect(parseS3Message(body)).toEqual({ kind: 'created', objects: [one] });
  });

  test('is told by EventBridge, whose keys are not encoded', () => {
    const object = { key: 'a/b c.gz', size: 7, etag: 'abc', 'version-id': 'v1' };
    const detail = { version: '0', bucket: { name: 'logs' }, object, reason: 'PutObject' };
    const body = JSON.stringify({ source: 'aws.s3', 'detail-type': 'Object Created', detail });
    expect(parseS3Message(body)).toEqual({ kind: 'created', objects: [{ ...one, versionId: 'v1' }] });
  });

  test('has its version, and need not have a size or an ETag', () => {
    const body = notification(record('k', { versionId: 'v2', size: undefined, eTag: undefined }));
    expect(parseS3Message(body)).toEqual({
      kind: 'created',
      objects: [{ bucket: 'logs', key: 'k', size: null, etag: null, versionId: 'v2' }],
    });
  });

  test('has the key that it has, whatever that is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
        const encoded = encodeURIComponent(key).replaceAll('%20', '+');
        const message = parseS3Message(notification(record(encoded)));
        expect(message.kind === 'created' && message.objects[0]?.key).toBe(key);
      }),
    );
  });
});

test('what tells of nothing to read has no objects', () => {
  const nothing = { kind: 'created', objects: [] };
  expect(parseS3Message('{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"logs"}')).toEqual(nothing);
  expect(parseS3Message(notification(record('k', {}, 'ObjectRemoved:Delete')))).toEqual(nothing);
  const deleted = {
    source: 'aws.s3',
    'detail-type': 'Object Deleted',
    detail: { bucket: { name: 'b' }, object: { key: 'k' } },
  };
  expect(parseS3Message(JSON.stringify(deleted))).toEqual(nothing);
});

test.each([
  ['nonsense', 'it is not JSON'],
  ['{"Records":[{"eventSource":"aws:ses"}]}', 'it is no event of S3'],
  [notification({ ...record('k'), eventSource: 'aws:sns' }), 'an event of aws:sns'],
  [notification(record('%')), 'the key % is not URL-encoded'],
  [
    '{"Type":"Notification","Message":"{\\"Type\\":\\"Notification\\",\\"Message\\":\\"{}\\"}"}',
    'it is no event of S3',
  ],
  ['null', 'it is no event of S3'],
])('%s is no message of S3', (body, why) => {
  expect(parseS3Message(body)).toEqual({ kind: 'unknown', why });
});

test('no body makes it fail', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => void parseS3Message(body)));
});
