// The ids of windows, against Python's uuid module and the example of RFC 9562.
import { describe, expect, test } from 'vitest';
import { incompleteKey, markerKey, resultKey, uuid5, windowId } from '../../../pipeline/predecessor/window-id.ts';

const HOUR = { start: Date.parse('2026-11-20T05:00:00Z'), stop: Date.parse('2026-11-20T06:00:00Z') };

describe('the id of a window', () => {
  test('is a UUID of version 5: RFC 9562, appendix A.4', () => {
    const dns = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');
    expect(uuid5(dns, 'www.example.com').toString('hex')).toBe('2ed6657de927568b95e12665a8aea6a2');
  });

  test('is that of the predecessors: uuid5(uuid5(nil, kind), start and stop as Go writes them)', () => {
    expect(windowId('digest', HOUR)).toBe('70865e25-5eee-5f5d-8db8-770a3f60aab4');
    expect(windowId('graph', HOUR)).toBe('76cf9eec-0f16-5b7a-a0fc-c294edb1f8ba');
  });

  test('names the result, the marker and the note beside it', () => {
    const id = windowId('digest', HOUR);
    expect(resultKey('digest', id)).toBe(`windows/${id}.log.gz`);
    expect(resultKey('graph', id)).toBe(`windows/${id}.dot`);
    expect(markerKey(id)).toBe(`windows/${id}_in_progress`);
    expect(incompleteKey(id)).toBe(`windows/${id}_incomplete`);
  });
});
