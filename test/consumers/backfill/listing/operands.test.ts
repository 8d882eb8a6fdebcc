// What a backfill is told to read: operands and lists as one stream, and the window, accounts and regions to take of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  assertSources,
  operands,
  readSelection,
  withFixedTimes,
} from '../../../../consumers/backfill/listing/operands.ts';
import { COMMANDS } from '../../../../consumers/commands.ts';
import { type Given, readOptions } from '../../../../consumers/shared/read-options.ts';
import { file } from '../flow-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-operands-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const backfill = COMMANDS.find(({ name }) => name === 'backfill');
if (backfill === undefined) throw new Error('there is a command backfill');
const options = (given: Given) => readOptions(backfill, given, {});
const NOW = Date.UTC(2026, 10, 20, 12, 0, 30);

test('operands come first, then the lines of the list but the blank ones', async () => {
  const list = file(join(folder, 'list'), 'a b\r\n\n  \ns3://bucket/key with space \nlast');
  expect(await Array.fromAsync(operands(['one', 'two'], list))).toEqual([
    ...['one', 'two', 'a b', 's3://bucket/key with space ', 'last'],
  ]);
  expect(await Array.fromAsync(operands([], null))).toEqual([]);
});

test('a list that cannot be read is told when its turn comes', async () => {
  const all = operands(['one'], join(folder, 'missing'));
  expect((await all.next()).value).toBe('one');
  await expect(all.next()).rejects.toMatchObject({ code: 'VF_SOURCE_UNREADABLE' });
});

test('one of operands, a list and a queue must be given', () => {
  expect(() => assertSources([], options({}))).toThrow(expect.objectContaining({ code: 'VF_USAGE' }));
  assertSources(['x'], options({}));
  assertSources([], options({ sources: '-' }));
  assertSources([], options({ queue: 'https://sqs/q' }));
});

describe('the selection', () => {
  test('is of all times without start and stop', () => {
    const given = options({ accounts: '123456789012', regions: 'eu-west-1,us-east-1' });
    expect(readSelection(given, NOW)).toEqual({
      ...{ window: null, accounts: ['123456789012'], regions: ['eu-west-1', 'us-east-1'] },
    });
  });

  test('may be open at either end', () => {
    const from = readSelection(options({ start: 'now-1d' }), NOW).window;
    expect(from?.start).toBe(Date.UTC(2026, 10, 19, 12));
    expect(from?.stop).toBeGreaterThan(NOW);
    const to = readSelection(options({ stop: '2026-01-01T00:00:00Z' }), NOW).window;
    expect(to?.start).toBeLessThan(Date.UTC(2014, 0));
    expect(to?.stop).toBe(Date.UTC(2026, 0));
  });

  test('may span years, and must span something', () => {
    const years = { start: '2020-01-01T00:00:00Z', stop: '2026-01-01T00:00:00Z' };
    expect(readSelection(options(years), NOW).window).toEqual({ start: Date.UTC(2020, 0), stop: Date.UTC(2026, 0) });
    const nothing = { start: years.stop, stop: years.start };
    expect(() => readSelection(options(nothing), NOW)).toThrow(expect.objectContaining({ code: 'VF_BAD_WINDOW' }));
    const future = {
      code: 'VF_BAD_WINDOW',
      message: 'start 2030-01-01T00:00:00Z is in the future: nothing was recorded then',
    };
    expect(() => readSelection(options({ start: '2030-01-01T00:00:00Z' }), NOW)).toThrow(
      expect.objectContaining(future),
    );
    expect(() => readSelection(options({ start: 'x' }), NOW)).toThrow(expect.objectContaining({ code: 'VF_BAD_TIME' }));
  });

  test('stays what it is in a command that is run tomorrow', () => {
    const given = options({ start: 'now-1d' });
    const fixed = withFixedTimes(given, readSelection(given, NOW));
    expect([fixed.start, fixed.stop]).toEqual(['2026-11-19T12:00:00Z', null]);
    expect(withFixedTimes(options({}), readSelection(options({}), NOW)).start).toBe(null);
  });
});
