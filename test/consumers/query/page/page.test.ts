// The pieces that the page is made of: escaping of any text, and a command line that a shell reads as it was meant.
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeHtml, html } from '../../../../consumers/query/page/html.ts';
import { commandLines, type PageOptions, pageAddress, shiftedPage } from '../../../../consumers/query/page/links.ts';

const options: PageOptions = {
  window: { start: Date.parse('2026-11-20T05:00:00Z'), stop: Date.parse('2026-11-20T05:15:00Z') },
  lateness: 0,
  group: 'cidr24',
  top: 7,
  count: 'observed',
  filter: 'port = 443',
  internet: 'each',
  ownNetworks: ['10.0.0.0/8'],
  against: null,
  incomplete: false,
  where: null,
};

const unescapeHtml = (text: string): string =>
  text.replace(/&#39;|&quot;|&gt;|&lt;|&amp;/g, (entity) => {
    return { '&#39;': "'", '&quot;': '"', '&gt;': '>', '&lt;': '<' }[entity] ?? '&';
  });

test('any text is escaped in a template, and nothing is lost', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeHtml(text)).not.toMatch(/[<>"']/);
      expect(unescapeHtml(escapeHtml(text))).toBe(text);
      expect(html`<p title="${text}">${[text, html`<b>${text}</b>`]}${null}${false}</p>`.text).toBe(
        `<p title="${escapeHtml(text)}">${escapeHtml(text)}<b>${escapeHtml(text)}</b></p>`,
      );
    }),
  );
});

test('a shell takes the command line apart into what was put together', () => {
  const stores = fc.string({
    unit: fc.constantFrom('a', '/', ' ', "'", '"', '$', '`', '\\', ';', '*', '&'),
    minLength: 1,
  });
  fc.assert(
    fc.property(stores, (store) => {
      const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${commandLines(options, store, true)[0]}`], {
        encoding: 'utf8',
      });
      expect(stdout.split('\n').slice(0, 5)).toEqual(['vpcflow', 'graph', '--store', store, '--start']);
      expect(stdout).toContain('\n--filter\nport = 443\n');
    }),
    { numRuns: 50 },
  );
});

test('links carry the question, the windows beside it have its length', () => {
  expect(pageAddress(options, 'now-1h', 'now')).toBe(
    '/?start=now-1h&stop=now&group=cidr24&filter=port+%3D+443&top=7&count=observed',
  );
  const beside = shiftedPage(options, -1) + shiftedPage(options, 1);
  expect(decodeURIComponent(beside).match(/st\w+=[^&]*Z/g)).toEqual([
    ...['start=2026-11-20T04:45:00Z', 'stop=2026-11-20T05:00:00Z'],
    ...['start=2026-11-20T05:15:00Z', 'stop=2026-11-20T05:30:00Z'],
  ]);
});
