// Times and windows: what is accepted, what it means, and what is refused with which code.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTime, MINUTE_MS, parseTime, parseWindow } from '../../../pipeline/window/window.ts';

const NOW = Date.UTC(2026, 10, 20, 14, 5, 31, 250);
const time = (text: string) => parseTime(text, NOW, 'start');

describe('parseTime', () => {
  test.each([
    ['2026-11-20T14:05:00Z', '2026-11-20T14:05:00.000Z'],
    ['2026-11-20t14:05:00z', '2026-11-20T14:05:00.000Z'],
    ['2026-11-20T14:05:00.123456789Z', '2026-11-20T14:05:00.123Z'],
    ['2026-11-20T14:05:00.9Z', '2026-11-20T14:05:00.900Z'],
    ['2026-11-20T14:05:00.0000000000000000000000001+02:00', '2026-11-20T12:05:00.000Z'],
    ['2026-11-20T14:05:00-05:30', '2026-11-20T19:35:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['now', '2026-11-20T14:05:31.250Z'],
    ['now-15m', '2026-11-20T13:50:31.250Z'],
    ['now-90s', '2026-11-20T14:04:01.250Z'],
    ['now+1h', '2026-11-20T15:05:31.250Z'],
    ['now-1d', '2026-11-19T14:05:31.250Z'],
    ['now-2w', '2026-11-06T14:05:31.250Z'],
  ])('%s is %s', (text, expected) => {
    expect(new Date(time(text)).toISOString()).toBe(expected);
  });

  test.each([
    '2026-11-20',
    '2026-11-20T14:05:00',
    '2026-11-20T14:05Z',
    '2026-13-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T14:60:00Z',
    '2026-11-20T14:05:61Z',
    '2026-11-20T14:05:00+24:00',
    '2026-11-20T14:05:00 02:00',
    '1763647500',
    'now-15',
    'now-1.5h',
    'now - 1h',
    'now-999999999w',
    'yesterday',
    ' now',
    '2026-11-20T14:05:00Z\n',
    '',
  ])('%j is refused', (text) => {
    expect(() => time(text)).toThrow(expect.objectContaining({ code: 'VF_BAD_TIME' }));
  });

  test('every instant survives its own RFC 3339 text, at any offset', () => {
    const instant = fc.integer({ min: 0, max: 4_102_444_800_000 });
    fc.assert(
      fc.property(instant, fc.integer({ min: -1439, max: 1439 }), (ms, offset) => {
        const local = new Date(ms + offset * MINUTE_MS).toISOString().slice(0, -1);
        const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const zone = `${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
        expect(time(local + zone)).toBe(ms);
        expect(time(formatTime(ms))).toBe(ms);
      }),
    );
  });
});

describe('parseWindow', () => {
  test('truncates both ends down to the minute', () => {
    expect(parseWindow('2026-11-20T14:04:59.999999999Z', 'now', NOW)).toEqual({
      start: Date.UTC(2026, 10, 20, 14, 4),
      stop: Date.UTC(2026, 10, 20, 14, 5),
    });
  });

  test('a stop in the future is a window', () => {
    expect(parseWindow('now', 'now+1h', NOW).stop).toBe(Date.UTC(2026, 10, 20, 15, 5));
  });

  test.each([
    ['now', 'now', 'VF_BAD_WINDOW'],
    ['now-20s', 'now', 'VF_BAD_WINDOW'],
    ['now', 'now-1h', 'VF_BAD_WINDOW'],
    [undefined, 'now', 'VF_BAD_TIME'],
    ['now', undefined, 'VF_BAD_TIME'],
    ['now-500d', 'now', 'VF_LIMIT'],
  ])('%s to %s is %s', (start, stop, code) => {
    expect(() => parseWindow(start, stop, NOW)).toThrow(expect.objectContaining({ code }));
  });

  test('the message says which time is wrong', () => {
    expect(() => parseWindow('now', 'later', NOW)).toThrow('stop "later"');
  });
});
