// What every answer says of itself: headers that any HTTP client takes, members of JSON, a remark on stderr.
import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completenessHeaders, headMembers, remark } from '../../../pipeline/window/answer-head.ts';
import { shardCompleteness } from '../../../pipeline/window/completeness.ts';
import type { Completeness } from '../../../schemas/query.ts';

const at = (text: string): number => Date.parse(`2026-11-20T${text}Z`);

const WHOLE: Completeness = {
  ...shardCompleteness(new Map(), at('06:00:00'), 20 * 60_000, at('06:30:00')),
  ...{ complete: true, watermark: at('06:21:00'), longestInterval: 60 },
};

const LACKING: Completeness = {
  ...{ complete: false, watermark: null, asOf: at('06:30:00'), lateness: 90_000, longestInterval: null },
  behind: { count: 2, shards: [{ stream: 's', shard: 'a', watermark: null }] },
  skipdata: { interfaces: 1, minutes: 7, named: [{ account_id: null, interface_id: 'eni-1', minutes: 7 }] },
  warnings: ['digests/a.parquet is left out: it is empty', 'digests/b.parquet is left out: it is too short'],
};

describe('headers', () => {
  test('of a whole answer', () => {
    expect(completenessHeaders(WHOLE)).toEqual({
      'x-vpcflow-complete': 'true',
      'x-vpcflow-watermark': '2026-11-20T06:21:00.000Z',
      'x-vpcflow-as-of': '2026-11-20T06:30:00.000Z',
      'x-vpcflow-lateness': '1200',
      'x-vpcflow-behind': '0',
      'x-vpcflow-skipdata': '0',
      'x-vpcflow-interval': '60',
    });
  });

  test('of one that lacks something', () => {
    expect(completenessHeaders(LACKING)).toMatchObject({
      'x-vpcflow-complete': 'false',
      'x-vpcflow-watermark': 'none',
      'x-vpcflow-lateness': '90',
      'x-vpcflow-behind': '2',
      'x-vpcflow-skipdata': '7',
      'x-vpcflow-interval': 'unknown',
      'x-vpcflow-warnings':
        'digests/a.parquet is left out: it is empty; digests/b.parquet is left out: it is too short',
    });
  });

  test('are safe and short, whatever a key holds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { minLength: 1, maxLength: 20 }),
        (warnings) => {
          const header = completenessHeaders({ ...WHOLE, warnings })['x-vpcflow-warnings'];
          validateHeaderValue('x-vpcflow-warnings', header);
          expect(header).toMatch(/^[ -~]*$/);
          expect(header.length).toBeLessThanOrEqual(1004);
          if (!header.endsWith(' ...')) expect(decodeURIComponent(header)).toBe(warnings.join('; ').toWellFormed());
        },
      ),
    );
  });
});

describe('members of JSON', () => {
  const window = { start: at('05:00:00'), stop: at('06:00:00') };

  test('are in one order', () => {
    const members = JSON.parse(`{${headMembers(window, LACKING)}}`);
    expect(Object.entries(members)).toEqual([
      ['start', '2026-11-20T05:00:00Z'],
      ['stop', '2026-11-20T06:00:00Z'],
      ['complete', false],
      ['watermark', 'none'],
      ['lateness', 90],
      ['behind', { count: 2, shards: [{ stream: 's', shard: 'a', watermark: 'none' }] }],
      ['skipdata', LACKING.skipdata],
      ['interval', null],
      ['warnings', LACKING.warnings],
    ]);
  });

  test('say null where nobody knows', () => {
    expect(JSON.parse(`{${headMembers(window, { ...WHOLE, complete: null })}}`)).toMatchObject({ complete: null });
  });
});

test('the remark is one line, and none where nothing is to be said', () => {
  expect(remark(WHOLE)).toBe('');
  expect(remark(LACKING)).toBe(
    'vpcflow: complete: false, watermark: none; shards behind: 2 (s a at none, 1 more); ' +
      'AWS left out flows (SKIPDATA) in 7 minutes of 1 interface; ' +
      'digests/a.parquet is left out: it is empty; digests/b.parquet is left out: it is too short\n',
  );
});
