// What Firehose sends, in any spelling, becomes the records that it holds; what it does not send becomes a refusal.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAccessKey, parseAccessKeys } from '../../../pipeline/firehose/access-keys.ts';
import { parseCommonAttributes } from '../../../pipeline/firehose/common-attributes.ts';
import { planDelivery } from '../../../pipeline/firehose/delivery.ts';
import { planRequest, type RequestHead } from '../../../pipeline/firehose/request-head.ts';
import { responseBody } from '../../../pipeline/firehose/response.ts';
import { headerFormat } from '../../../pipeline/formats/format.ts';
import { FIELDS } from '../../../schemas/fields.ts';
import { aggregate } from '../../kcl/aggregate.ts';
import { NOTHING } from '../../kcl/traffic.ts';

const requestIds = fc.string({
  minLength: 1,
  maxLength: 200,
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
});
const datas = fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 20 });
const head = (requestId: string, headerLine: string | null = null): RequestHead => ({
  ...{ requestId, headerLine, gzip: false, length: null },
});
const bodyOf = (requestId: string, data: readonly Uint8Array[], more = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      requestId,
      timestamp: 1_578_090_901_599,
      records: data.map((bytes) => ({ data: Buffer.from(bytes).toString('base64') })),
      ...more,
    }),
  );

describe('a body', () => {
  test('becomes its records, each under a key of its own that every delivery of the request repeats', () => {
    fc.assert(
      fc.property(requestIds, datas, (id, data) => {
        const delivery = planDelivery(head(id), bodyOf(id, data));
        expect(delivery).toEqual({
          records: data.map((bytes, i) => ({ partitionKey: `fh:${id}:${i}`, data: Buffer.from(bytes) })),
          count: data.length,
          bytes: data.reduce((sum, { length }) => sum + length, 0),
        });
        expect(planDelivery(head(id), bodyOf(id, data))).toEqual(delivery);
      }),
    );
  });

  test('that is anything at all is a refusal or records, and never thrown at', () => {
    const wild = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .record({ requestId: fc.constantFrom<unknown>('r', 'q', 1), timestamp: fc.anything(), records: fc.anything() })
        .map((request) => Buffer.from(JSON.stringify(request) ?? '')),
      fc
        .array(fc.oneof(fc.anything(), fc.record({ data: fc.anything() })))
        .map((records) =>
          Buffer.from(
            JSON.stringify({ requestId: 'r', records }, (_, value) => (typeof value === 'bigint' ? 1 : value)),
          ),
        ),
    );
    fc.assert(
      fc.property(wild, (body) => {
        const plan = planDelivery(head('r'), body);
        if ('refused' in plan) expect(plan).toEqual({ refused: 400, why: expect.any(String) });
        else expect(plan.records.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  test('damaged at one place is refused, or says what it says', () => {
    const id = 'ed4acda5';
    const body = bodyOf(id, [Buffer.from('hello'), Buffer.from('hello world')]);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(body);
        damaged[at] = byte;
        const plan = planDelivery(head(id), damaged);
        if ('refused' in plan) return;
        const said = JSON.parse(damaged.toString()).records.map(({ data }: { data: string }) => data);
        expect(plan.records.map(({ data }) => data.toString('base64'))).toEqual(said);
      }),
      { numRuns: 500 },
    );
  });

  test('has records of 1,024,000 bytes at most, and names the one that is larger', () => {
    const full = Buffer.alloc(1_024_000, 1);
    expect(planDelivery(head('r'), bodyOf('r', [full]))).toMatchObject({ count: 1, bytes: 1_024_000 });
    expect(planDelivery(head('r'), bodyOf('r', [full, Buffer.alloc(1_024_001)]))).toEqual({
      refused: 400,
      why: 'record 1 has 1024001 bytes, more than 1024000',
    });
  });

  test('has 10,000 records at most', () => {
    const empty = Buffer.alloc(0);
    expect(planDelivery(head('r'), bodyOf('r', Array(10_000).fill(empty)))).toMatchObject({ count: 10_000 });
    expect(planDelivery(head('r'), bodyOf('r', Array(10_001).fill(empty)))).toMatchObject({ refused: 400 });
  });

  test('has aggregates taken apart, each record inside with an identity of its own', () => {
    const inside = ['one', 'two'].map((text) => ({
      ...{ partitionKey: 'fh:r:1', data: Buffer.from(text), count: NOTHING, sums: new Map() },
    }));
    const body = bodyOf('r', [aggregate(inside).data, Buffer.from('three')]);
    const plan = planDelivery(head('r', 'version srcaddr'), body);
    const records = [
      ['fh:r:0.0', 'version srcaddr\none'],
      ['fh:r:0.1', 'version srcaddr\ntwo'],
      ['fh:r:1', 'version srcaddr\nthree'],
    ].map(([partitionKey, text]) => ({ partitionKey, data: Buffer.from(text ?? '') }));
    expect(plan).toMatchObject({ count: 2, records });
  });
});

describe('the head', () => {
  const headers = { 'x-amz-firehose-protocol-version': '1.0', 'x-amz-firehose-request-id': 'r' };
  const rules = { keys: null, unknownFields: 'refuse' } as const;

  test('of anything at all is a refusal or a plan', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    const wild = fc.record(
      {
        'x-amz-firehose-protocol-version': fc.oneof(fc.constant('1.0'), text),
        'x-amz-firehose-request-id': fc.oneof(requestIds, text),
        'x-amz-firehose-access-key': text,
        'x-amz-firehose-common-attributes': fc.oneof(text, fc.json()),
        'content-encoding': fc.oneof(fc.constantFrom('gzip', 'identity', 'GZIP'), text),
        'content-length': text,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(wild, fc.boolean(), (given, keyed) => {
        const plan = planRequest('POST', '/', given, { ...rules, keys: keyed ? parseAccessKeys('key') : null });
        if ('refused' in plan) expect([400, 401]).toContain(plan.refused);
        else {
          expect(given).toMatchObject({ 'x-amz-firehose-protocol-version': '1.0' });
          expect(`fh:${plan.requestId}:9999.99999`.length).toBeLessThanOrEqual(256);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('says how the body is packed, and how long it is', () => {
    expect(planRequest('POST', '/', { ...headers, 'content-length': '7' }, rules)).toEqual({
      requestId: 'r',
      gzip: false,
      length: 7,
      headerLine: null,
    });
    expect(planRequest('POST', '/', { ...headers, 'content-encoding': ' GZip' }, rules)).toMatchObject({ gzip: true });
  });

  test('skips declared fields that nobody knows where that is allowed', () => {
    const declared = JSON.stringify({ commonAttributes: { 'vpcflow-format': '${version} ${new-field} ${srcaddr}' } });
    expect(parseCommonAttributes(declared, 'skip')).toEqual({ headerLine: 'version new-field srcaddr' });
    expect(parseCommonAttributes(declared, 'refuse')).toMatchObject({ refused: 400 });
    const most = JSON.stringify({ commonAttributes: { 'vpcflow-format': '${new-a} ${new-b} ${srcaddr}' } });
    expect(parseCommonAttributes(most, 'skip')).toMatchObject({ refused: 400 });
  });

  test('declares any format of known fields, as the decoder reads it back', () => {
    const ids = fc.uniqueArray(fc.constantFrom(...FIELDS.map(({ id }) => id)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(ids, fc.boolean(), (fields, bare) => {
        const text = fields.map((id) => (bare ? id.replaceAll('-', '_') : `\${${id}}`)).join(' ');
        const declared = parseCommonAttributes(
          JSON.stringify({ commonAttributes: { 'vpcflow-format': text } }),
          'refuse',
        );
        if ('refused' in declared) throw new Error(declared.why);
        expect(headerFormat(declared.headerLine ?? '')?.text).toBe(fields.map((id) => `\${${id}}`).join(' '));
      }),
    );
  });
});

describe('access keys', () => {
  test('are the lines of the file without blanks around them; comments and blank lines are none', () => {
    const keys = parseAccessKeys('# 2026\n\n one \r\ntwo words\nschlüssel\n');
    expect(keys).toHaveLength(3);
    for (const key of ['one', 'two words']) expect(isAccessKey(keys, key)).toBe(true);
    expect(isAccessKey(keys, Buffer.from('schlüssel').toString('latin1'))).toBe(true); // as Node reads its bytes
    for (const key of ['', 'two', '# 2026', 'One', undefined]) expect(isAccessKey(keys, key)).toBe(false);
  });

  test('of an empty file let nobody in', () => {
    expect(isAccessKey(parseAccessKeys(''), '')).toBe(false);
    expect(isAccessKey(parseAccessKeys(''), undefined)).toBe(false);
  });
});

test('an answer has at most 8192 characters of a message', () => {
  const body: unknown = JSON.parse(responseBody('r', 5, 'x'.repeat(9000)));
  expect(body).toEqual({ requestId: 'r', timestamp: 5, errorMessage: 'x'.repeat(8192) });
  expect(responseBody('r', 5, null)).toBe('{"requestId":"r","timestamp":5}');
});
