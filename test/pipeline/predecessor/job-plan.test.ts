// What a request leads to, from what lies in the store: every state of the drawing, and whatever else may lie there.
import { describe, expect, test } from 'vitest';
import {
  isLive,
  isOutdated,
  markerBytes,
  noteBytes,
  parseNote,
  planJob,
} from '../../../pipeline/predecessor/job-plan.ts';

const NOW = Date.parse('2026-11-20T06:30:00Z');
const TIMEOUT = 900_000;
const marked = (time: number) => ({ body: markerBytes({ owner: 'a:1', job: 'j', time }), tag: 't' });

describe('a marker', () => {
  test('is one line of JSON', () => {
    expect(marked(NOW).body.toString()).toBe('{"job":"j","owner":"a:1","time":"2026-11-20T06:30:00Z"}\n');
  });

  test.each([
    [0, true],
    [TIMEOUT - 1, true],
    [TIMEOUT, false],
    [TIMEOUT * 100, false],
    [-TIMEOUT + 1, true], // its server's clock goes ahead
    [-TIMEOUT, false], // a clock that cannot be right
  ])('of %i ms ago is live: %s', (age, live) => {
    expect(isLive(marked(NOW - age).body, NOW, TIMEOUT)).toBe(live);
  });

  test.each(['', 'null', '7', '{}', '{"time":7}', '{"time":"soon"}', '2026-11-20T06:30:00Z', '\0'])(
    '%j marks nothing',
    (text) => {
      expect(isLive(Buffer.from(text), NOW, TIMEOUT)).toBe(false);
    },
  );
});

describe('a job', () => {
  test.each([
    ['fresh', null, false, { does: 'claim', over: null }],
    ['in progress', marked(NOW - 1), false, { does: 'wait' }],
    ['in progress again', marked(NOW - 1), true, { does: 'wait' }],
    ['abandoned', marked(NOW - TIMEOUT), false, { does: 'claim', over: 't' }],
    ['abandoned after the result was written', marked(NOW - TIMEOUT), true, { does: 'nothing' }],
    ['done', null, true, { does: 'nothing' }],
  ])('%s', (_name, marker, exists, plan) => {
    expect(planJob(marker, exists, NOW, TIMEOUT)).toEqual(plan);
  });
});

describe('a result that may miss something', () => {
  const note = (complete: boolean | null, inputs: string) => ({ answer: false, complete, inputs });

  test.each([
    ['shards were and are behind, with more objects', note(false, 'a'), { complete: false, inputs: 'b' }, false],
    ['shards were behind and no longer are', note(false, 'a'), { complete: true, inputs: 'a' }, true],
    ['no stream, the same objects', note(null, 'a'), { complete: null, inputs: 'a' }, false],
    ['no stream, other objects', note(null, 'a'), { complete: null, inputs: 'b' }, true],
    ['a stream since then that is behind', note(null, 'a'), { complete: false, inputs: 'b' }, false],
    ['an object that could not be read, and still lies there', note(true, 'a'), { complete: true, inputs: 'a' }, false],
    ['an object that could not be read, replaced', note(true, 'a'), { complete: true, inputs: 'b' }, true],
  ])('is made again or not: %s', (_name, before, now, outdated) => {
    expect(isOutdated(before, now)).toBe(outdated);
  });

  test('has a note that can be read back; one that cannot be read says nothing', () => {
    const whole = { answer: null, complete: false, inputs: 'a' };
    expect(parseNote(noteBytes(whole))).toEqual(whole);
    for (const text of ['', 'null', '{"answer":"yes"'])
      expect(parseNote(Buffer.from(text))).toEqual({ answer: null, complete: null, inputs: '' });
  });
});
