// Which window a window is compared with, and how much of both.
import { describe, expect, test } from 'vitest';
import { type AgainstOptions, againstWindow, comparedWindows, minutesOf } from '../../../pipeline/diff/diff-windows.ts';
import type { Window } from '../../../schemas/query.ts';

const at = (text: string): number => Date.parse(`2026-${text}Z`);
const window = (start: string, stop: string): Window => ({ start: at(start), stop: at(stop) });
const NOW = at('11-20T14:30:20');
const WINDOW = window('11-20T14:05:00', '11-20T14:20:00');

const against = (options: Partial<AgainstOptions>, of = WINDOW): Window =>
  againstWindow(of, { against: 'before', againstStart: null, againstStop: null, ...options }, NOW);

describe('the window to compare with', () => {
  test.each([
    ['before', window('11-20T13:50:00', '11-20T14:05:00')],
    ['day', window('11-19T14:05:00', '11-19T14:20:00')],
    ['week', window('11-13T14:05:00', '11-13T14:20:00')],
  ] as const)('%s', (which, expected) => expect(against({ against: which })).toEqual(expected));

  test('a day has 24 hours also where clocks are changed, and a year its end', () => {
    const summer = window('03-29T00:30:00', '03-29T02:30:00');
    expect(against({ against: 'day' }, summer)).toEqual(window('03-28T00:30:00', '03-28T02:30:00'));
    const newYear = { start: Date.UTC(2027, 0, 1), stop: Date.UTC(2027, 0, 1, 1) };
    expect(against({ against: 'week' }, newYear)).toEqual(window('12-25T00:00:00', '12-25T01:00:00'));
  });

  test('is as long as the window unless its end is given; times are cut to the minute', () => {
    expect(against({ againstStart: '2026-11-01T00:00:59Z' })).toEqual(window('11-01T00:00:00', '11-01T00:15:00'));
    expect(against({ againstStart: 'now-1h' })).toEqual(window('11-20T13:30:00', '11-20T13:45:00'));
    const week = { againstStart: 'now-1w', againstStop: '2026-11-20T14:05:00Z' };
    expect(against(week)).toEqual(window('11-13T14:30:00', '11-20T14:05:00'));
  });

  test.each([
    [{ againstStop: 'now' }, 'VF_BAD_PARAMETER'],
    [{ against: 'day', againstStart: 'now-1d' }, 'VF_BAD_PARAMETER'],
    [{ againstStart: 'then' }, 'VF_BAD_TIME'],
    [{ againstStart: 'now', againstStop: 'then' }, 'VF_BAD_TIME'],
    [{ againstStart: 'now', againstStop: 'now-1h' }, 'VF_BAD_WINDOW'],
    [{ againstStart: 'now-500d', againstStop: 'now' }, 'VF_LIMIT'],
  ] as const)('%j is %s', (options, code) => {
    expect(() => against(options)).toThrow(expect.objectContaining({ code }));
  });

  test('is not before the year 0 nor after 9999', () => {
    const first = { start: Date.UTC(0, 0, 1) - Date.UTC(1900, 0, 1) + Date.parse('0000-01-01T00:00:00Z'), stop: 0 };
    expect(() => against({ against: 'week' }, { ...first, start: Date.parse('0000-01-03T00:00:00Z') })).toThrow(
      expect.objectContaining({ code: 'VF_BAD_WINDOW' }),
    );
    expect(() => against({ againstStart: '9999-12-31T23:59:00Z' })).toThrow(
      expect.objectContaining({ code: 'VF_BAD_WINDOW' }),
    );
  });
});

const LATENESS = 20 * 60_000;
const WAITS = { count: 1, shards: [] };
const progress = (watermark: string | null, behind = WAITS) => ({
  ...{ behind, lateness: LATENESS },
  watermark: watermark === null ? null : at(watermark),
});
const pair = { window: WINDOW, against: window('11-20T13:50:00', '11-20T14:05:00') };

describe('what is compared', () => {
  test('is everything where no shard is behind, no stream feeds the store, or all minutes are asked for', () => {
    const none = { count: 0, shards: [] };
    expect(comparedWindows(pair, progress('11-20T14:45:00', none), false)).toEqual(pair);
    expect(comparedWindows(pair, progress(null, none), false)).toEqual(pair);
    expect(comparedWindows(pair, progress('11-20T14:25:00'), true)).toEqual(pair);
  });

  test('are the same complete minutes of both', () => {
    expect(comparedWindows(pair, progress('11-20T14:32:59'), false)).toEqual({
      window: window('11-20T14:05:00', '11-20T14:12:00'),
      against: window('11-20T13:50:00', '11-20T13:57:00'),
    });
  });

  test('is cut by the later window, whichever that is', () => {
    const turned = { window: pair.against, against: pair.window };
    expect(comparedWindows(turned, progress('11-20T14:32:59'), false)).toEqual({
      window: window('11-20T13:50:00', '11-20T13:57:00'),
      against: window('11-20T14:05:00', '11-20T14:12:00'),
    });
  });

  test('are the complete minutes of each where the windows differ in length', () => {
    const week = window('11-13T14:05:00', '11-20T14:05:00');
    expect(comparedWindows({ window: WINDOW, against: week }, progress('11-20T14:32:59'), false)).toEqual({
      window: window('11-20T14:05:00', '11-20T14:12:00'),
      against: week,
    });
  });

  test.each([
    ['11-20T14:25:59', 'the watermark is 2026-11-20T14:25:59.000Z'],
    [null, 'nothing has been read yet'],
  ])('is nothing up to a watermark of %s, which is an error', (watermark, words) => {
    const complete = () => comparedWindows(pair, progress(watermark), false);
    expect(complete).toThrow(expect.objectContaining({ code: 'VF_BAD_WINDOW' }));
    expect(complete).toThrow(words);
    expect(complete).toThrow(expect.objectContaining({ help: expect.stringContaining('--incomplete') }));
  });
});

test('the length of a window in minutes', () => expect(minutesOf(WINDOW)).toBe(15));
