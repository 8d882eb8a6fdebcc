// What is wrong with the parameters of a URL is said in the words of the service, with the name that was meant.
import { beforeEach, describe, expect, test } from 'vitest';
import { HOUR, serving } from '../serving.ts';

const { start } = serving();
let url: string;
beforeEach(async () => {
  ({ url } = await start());
});

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly help: string;
}

async function problem(path: string): Promise<Problem> {
  const response = await fetch(url + path);
  expect(response.status).toBe(400);
  return (await response.json()) as Problem;
}

describe.each<[string, string, string]>([
  ['/v1/rows?stop=now', 'start is missing', 'see /openapi.json'],
  ['/v1/graph', 'start is missing; stop is missing', 'see /openapi.json'],
  [`/v1/rows?${HOUR}&filtr=x`, 'there is no parameter filtr', 'did you mean filter?'],
  [`/v1/coverage?${HOUR}&colour=x`, 'there is no parameter colour', 'the parameters are start, stop, lateness, format'],
  [`/v1/rows?${HOUR}&top=1&top=2`, 'top is given 2 times', 'give it once'],
  [`/v1/coverage?${HOUR}&format=jsn`, 'format must be one of csv, ndjson, json, not "jsn"', 'did you mean json?'],
  ['/v1/filter/complete?text=a&at=x', 'at needs a whole number, not "x"', 'see /openapi.json'],
  [`/v1/graph?${HOUR}&group=adress`, 'group must be one of ', 'did you mean address?'],
  [`/v1/rows?${HOUR}&group=srcadr`, 'rows cannot be grouped by "srcadr", which is no column', 'did you mean srcaddr?'],
  [`/v1/series?${HOUR}&filter=action=REJECTED`, '"REJECTED" is no action', 'did you mean REJECT? In quotes'],
])('%s', (path, detail, help) => {
  test('is said what is wrong with it', async () => {
    const found = await problem(path);
    expect(found.detail).toContain(detail);
    expect(found.help).toContain(help);
    expect(JSON.stringify(found)).not.toMatch(/Invalid input|Unrecognized|security-group/);
  });
});

test('the API of the predecessors says it in its own form', async () => {
  for (const path of ['/graph', '/digest']) {
    const response = await fetch(`${url}${path}?stop=2026-11-20T05:00:00Z`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ message: expect.stringMatching(/^start is missing; /) });
  }
});

test.each([
  ['start=a&start=b', 'start is given 2 times'],
  [`filter=${'x'.repeat(2001)}`, 'filter has more than 2000 characters'],
])('the page says it on the page', async (query, message) => {
  const response = await fetch(`${url}/?${query}`);
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const text = await response.text();
  expect(text).toContain(message);
  expect(text).toContain('aria-invalid="true"');
});
