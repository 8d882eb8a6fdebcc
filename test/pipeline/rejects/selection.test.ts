// Which rejects are meant, and what is said of a reason that there is not.
import { expect, test } from 'vitest';
import { parseReject, rejectedBytes, whyNotReplayable } from '../../../pipeline/rejects/reject-row.ts';
import { isSelected, mayHaveSelected, reasonNamed } from '../../../pipeline/rejects/selection.ts';
import type { Reject } from '../../../schemas/rejects.ts';

const row: Reject = {
  reason: 'bad_time',
  scope: 'line',
  detail: 'd',
  source: 's',
  offset: 0,
  log_group: 'vpc/a',
  raw: 'x',
};

test('a reason is known by its name, with hyphens too; any other is refused with the nearest', () => {
  expect(reasonNamed('token_count')).toBe('token_count');
  expect(reasonNamed(' Token-Count ')).toBe('token_count');
  const refused = (name: string): unknown => {
    try {
      return reasonNamed(name);
    } catch (error) {
      return error;
    }
  };
  expect(refused('tokens_count')).toMatchObject({
    code: 'VF_USAGE',
    message: expect.stringContaining('nearest is token_count'),
  });
  expect(refused('bad_adress')).toMatchObject({ message: expect.stringContaining('nearest is bad_address') });
  expect(refused('')).toMatchObject({ code: 'VF_USAGE', help: expect.stringContaining('decoder_error') });
});

test('a selection is by reason and by log group, which a reject may lack', () => {
  expect(isSelected({ reason: null, logGroup: null }, row)).toBe(true);
  expect(isSelected({ reason: 'bad_time', logGroup: 'vpc/*' }, row)).toBe(true);
  expect(isSelected({ reason: 'bad_number', logGroup: null }, row)).toBe(false);
  expect(isSelected({ reason: null, logGroup: 'vpc' }, row)).toBe(false);
  const { log_group: _, ...raw } = row;
  expect(isSelected({ reason: null, logGroup: '*' }, raw)).toBe(false);
  expect(isSelected({ reason: null, logGroup: null }, raw)).toBe(true);
});

test('only a source that counted the reason is read', () => {
  const counts = { total: 3, lines: 3, envelopes: 0, by_reason: { bad_time: 3 } };
  expect(mayHaveSelected({ reason: null, logGroup: 'x' }, counts)).toBe(true);
  expect(mayHaveSelected({ reason: 'bad_time', logGroup: null }, counts)).toBe(true);
  expect(mayHaveSelected({ reason: 'no_format', logGroup: null }, counts)).toBe(false);
  expect(mayHaveSelected({ reason: null, logGroup: null }, { ...counts, total: 0 })).toBe(false);
});

test('a row of a log is a reject or nothing', () => {
  expect(parseReject(JSON.stringify(row))).toEqual(row);
  for (const broken of [
    '',
    'null',
    '[]',
    '{',
    JSON.stringify({ ...row, reason: 'because' }),
    JSON.stringify({ ...row, scope: 'file' }),
    JSON.stringify({ ...row, raw: 7 }),
    JSON.stringify({ ...row, time: 'now' }),
    JSON.stringify({ ...row, offset: null }),
  ]) {
    expect(parseReject(broken)).toBeNull();
  }
});

test('what was rejected comes back, and can be replayed when it is a whole line', () => {
  expect(rejectedBytes(row)).toEqual(Buffer.from('x'));
  const { raw: _, ...rest } = row;
  expect(rejectedBytes({ ...rest, raw_base64: '/w==' })).toEqual(Buffer.from([255]));
  expect(rejectedBytes(rest)).toEqual(Buffer.alloc(0));
  expect(whyNotReplayable(row)).toBeNull();
  expect(whyNotReplayable({ ...row, cut: true })).toBe('cut');
  expect(whyNotReplayable({ ...row, scope: 'envelope', cut: true })).toBe('envelope');
});
