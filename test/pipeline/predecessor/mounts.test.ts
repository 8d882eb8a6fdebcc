// Where the two parts of the predecessors' API answer.
import { describe, expect, test } from 'vitest';
import { asksForWindow, mountsOf } from '../../../pipeline/predecessor/mounts.ts';

const DEFAULTS = [
  { path: '/digest', kind: 'digest' },
  { path: '/graph', kind: 'graph' },
];

describe('mounts', () => {
  test('are /digest and /graph, and what was given', () => {
    expect(mountsOf({ digest: null, graph: null })).toEqual(DEFAULTS);
    expect(mountsOf({ digest: '/digest', graph: null })).toEqual(DEFAULTS);
    expect(mountsOf({ digest: '/', graph: '/flow/graph-1' })).toEqual([
      ...DEFAULTS,
      { path: '/', kind: 'digest' },
      { path: '/flow/graph-1', kind: 'graph' },
    ]);
  });

  test.each(['', 'digest', '//', '/a/', '/a//b', '/:id', '/*', '/a?b', '/a b', '/ä', '/../%2e'])(
    '%j is no path',
    (path) => {
      expect(() => mountsOf({ digest: path, graph: null })).toThrow(expect.objectContaining({ code: 'VF_USAGE' }));
    },
  );

  test.each(['/jobs', '/metrics', '/docs', '/v1/rows', '/page.js'])('%s is the server’s own', (path) => {
    expect(() => mountsOf({ digest: path, graph: null })).toThrow(
      expect.objectContaining({ code: 'VF_USAGE', message: `--digest-at ${path}: something else is there already` }),
    );
  });

  test.each([
    ['/', '/'],
    ['/graph', null],
    [null, '/digest'],
  ])('one path is not for two things: %s and %s', (digest, graph) => {
    expect(() => mountsOf({ digest, graph })).toThrow(expect.objectContaining({ code: 'VF_USAGE' }));
  });

  test.each([
    ['/', false],
    ['/?', false],
    ['/?top=3', false],
    ['/?restart=1', false],
    ['/?start=', true],
    ['/?a=1&stop=2026', true],
  ])('whether %s asks for a window: %s', (url, asks) => {
    expect(asksForWindow(url)).toBe(asks);
  });
});
