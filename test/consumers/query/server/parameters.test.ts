// The format that an Accept header chooses, of those that a route has.
import { expect, test } from 'vitest';
import { chosenFormat } from '../../../../consumers/query/server/parameters.ts';

const TYPES = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8; header=present',
} as const;
const FORMATS = ['json', 'ndjson', 'csv'] as const;

test.each([
  [undefined, 'json'],
  ['', 'json'],
  ['*/*', 'json'],
  ['text/csv', 'csv'],
  ['text/*', 'csv'],
  ['application/*', 'json'],
  ['text/csv, application/json', 'csv'],
  ['application/json, text/csv', 'json'],
  ['text/csv;q=0.5, application/x-ndjson', 'ndjson'],
  ['text/csv;q=0.5, application/x-ndjson;q=0.1', 'csv'],
  ['text/html, application/xhtml+xml, */*;q=0.8', 'json'],
  ['image/png', 'json'], // none is possible: ignored
  ['application/json;q=0', 'ndjson'],
  ['application/json;q=0, */*', 'ndjson'],
  ['*/*, application/json; q=0.0, application/x-ndjson;q=0', 'csv'],
  ['application/*;q=0', 'csv'],
  ['application/*;q=0, application/x-ndjson', 'ndjson'],
  ['*/*;q=0', 'json'], // nor here
  ['application/json;q=none', 'ndjson'],
])('%j: %s', (accept, expected) => {
  expect(chosenFormat(FORMATS, TYPES, undefined, accept)).toBe(expected);
});

test('what was asked for by name is not overruled', () => {
  expect(chosenFormat(FORMATS, TYPES, 'json', 'application/json;q=0')).toBe('json');
});
