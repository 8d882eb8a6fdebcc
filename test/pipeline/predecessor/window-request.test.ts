// What predecessors' clients and their queue may ask for, and what is refused.
import { describe, expect, test } from 'vitest';
import { windowId } from '../../../pipeline/predecessor/window-id.ts';
import { queuedJob, requestedWindow } from '../../../pipeline/predecessor/window-request.ts';
import { formatTime } from '../../../pipeline/window/window.ts';

const START = '2026-11-20T05:00:00Z';
const STOP = '2026-11-20T06:00:00Z';
const HOUR = { start: Date.parse(START), stop: Date.parse(STOP) };

describe('a window', () => {
  test.each([
    [START, STOP],
    ['2026-11-20T05:00:59.123456789Z', '2026-11-20T06:00:00.000000001Z'],
    ['2026-11-20T07:00:00+02:00', '2026-11-20T00:30:00-05:30'],
  ])('from %s to %s is the same hour', (start, stop) => {
    expect(requestedWindow({ start, stop })).toEqual(HOUR);
  });

  test('of repeated times the first counts', () => {
    expect(requestedWindow({ start: [START, STOP], stop: [STOP, START] })).toEqual(HOUR);
  });

  test.each([
    [{}, 'VF_BAD_TIME', 'start is missing'],
    [{ start: START }, 'VF_BAD_TIME', 'stop is missing'],
    [{ start: '', stop: STOP }, 'VF_BAD_TIME', 'start is missing'],
    [{ start: 'yesterday', stop: STOP }, 'VF_BAD_TIME', 'start "yesterday" is no time'],
    [{ start: 'now-1h', stop: 'now' }, 'VF_BAD_TIME', 'start "now-1h" is no time'],
    [{ start: '2026-11-20', stop: STOP }, 'VF_BAD_TIME', 'is no time'],
    [{ start: '2026-02-30T05:00:00Z', stop: STOP }, 'VF_BAD_TIME', 'is no time'],
    [{ start: `${START}\0`, stop: STOP }, 'VF_BAD_TIME', 'is no time'],
    [{ start: STOP, stop: START }, 'VF_BAD_WINDOW', 'nothing lies between'],
    [{ start: START, stop: '2026-11-20T05:00:59Z' }, 'VF_BAD_WINDOW', 'nothing lies between'],
  ])('%j is refused with %s', (times, code, message) => {
    expect(() => requestedWindow(times)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
    // What it offers is what it takes: no relative times.
    if (code !== 'VF_BAD_TIME') return;
    expect(() => requestedWindow(times)).toThrow(
      expect.objectContaining({ help: 'give RFC 3339 (2026-11-20T14:05:00Z)' }),
    );
  });
});

describe('a queued job', () => {
  const message = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

  test('is for the graph when its id is that of the graph, otherwise for the digest', () => {
    const times = { start: formatTime(HOUR.start), stop: formatTime(HOUR.stop) };
    const kind = (id: string) => queuedJob(message({ id, ...times }));
    expect(kind(windowId('graph', HOUR))).toEqual({ kind: 'graph', window: HOUR });
    expect(kind(windowId('digest', HOUR))).toEqual({ kind: 'digest', window: HOUR });
    expect(kind('of-another-making')).toEqual({ kind: 'digest', window: HOUR });
  });

  test.each([
    [Buffer.alloc(0), 'VF_BAD_PARAMETER', 'the job is no JSON'],
    [Buffer.from('{"id":'), 'VF_BAD_PARAMETER', 'the job is no JSON'],
    [Buffer.from([0x22, 0xff, 0x22]), 'VF_BAD_PARAMETER', 'the job is no JSON'],
    [message([]), 'VF_BAD_PARAMETER', 'the job is no JSON object'],
    [message(null), 'VF_BAD_PARAMETER', 'the job is no JSON object'],
    [message({ start: START, stop: STOP }), 'VF_BAD_PARAMETER', 'the job has no id'],
    [message({ id: '', start: START, stop: STOP }), 'VF_BAD_PARAMETER', 'the job has no id'],
    [message({ id: 7, start: START, stop: STOP }), 'VF_BAD_PARAMETER', 'the job has no id'],
    [message({ id: 'a', stop: STOP }), 'VF_BAD_TIME', 'start is missing'],
    [message({ id: 'a', start: START, stop: 7 }), 'VF_BAD_TIME', 'stop is missing'],
    [message({ id: 'a', start: STOP, stop: STOP }), 'VF_BAD_WINDOW', 'nothing lies between'],
  ])('%s is refused with %s', (body, code, text) => {
    expect(() => queuedJob(body)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }));
  });
});
