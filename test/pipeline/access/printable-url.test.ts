// What a log may hold of a URL: all that was asked, bounded, without secrets that somebody put there by mistake.
import { expect, test } from 'vitest';
import { printableUrl } from '../../../pipeline/access/printable-url.ts';

test.each([
  [
    '/v1/rows?start=now-1h&stop=now&filter=dstport%20%3D%20443',
    '/v1/rows?start=now-1h&stop=now&filter=dstport%20%3D%20443',
  ],
  ['/v1/rows', '/v1/rows'],
  ['/v1/rows?', '/v1/rows?'],
  ['/v1/rows?token=abc&start=now', '/v1/rows?token=…&start=now'],
  ['/?access_token=a=b&Api-Key=c', '/?access_token=…&Api-Key=…'],
  ['/?X-Amz-Signature=a&%74oken=b&%zz=1', '/?X-Amz-Signature=…&%74oken=…&%zz=1'],
  ['/?tokens=3&monkey=1&author=x&key', '/?tokens=3&monkey=1&author=x&key'],
  ['/?a?token=x', '/?a?token=x'],
])('%s', (url, expected) => {
  expect(printableUrl(url)).toBe(expected);
});

test('a long one is cut', () => {
  const text = printableUrl(`/?filter=${'x'.repeat(10_000)}`);
  expect(text).toHaveLength(2048 + '… (10009 characters)'.length);
  expect(text).toMatch(/x… \(10009 characters\)$/);
});
