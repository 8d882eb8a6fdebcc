// The command that retries, read back by a real shell; and what is told of few and of many failures.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failures } from '../../../../consumers/backfill/report/failures.ts';
import { retryCommand, shellQuote } from '../../../../consumers/backfill/report/retry-command.ts';
import { COMMANDS } from '../../../../consumers/commands.ts';
import type { Options } from '../../../../consumers/shared/options.ts';
import { type Given, readOptions } from '../../../../consumers/shared/read-options.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';

const backfill = COMMANDS.find(({ name }) => name === 'backfill');
if (backfill === undefined) throw new Error('there is a command backfill');
const options = (given: Given = {}, environment: Readonly<Record<string, string>> = {}): Options =>
  readOptions(backfill, given, environment);

/** The words that a shell makes of a command line. */
const words = (command: string): readonly string[] =>
  execFileSync('sh', ['-c', `for word in ${command}; do printf '%s\\0' "$word"; done`])
    .toString()
    .split('\0')
    .slice(0, -1);

test('what the environment has for a queue, or for a role that is not given, is not typed', () => {
  const environment = {
    VPCFLOW_LOG: 'json',
    VPCFLOW_METRICS_PORT: '9',
    VPCFLOW_STATSD: 'h:1',
    VPCFLOW_EXTERNAL_ID: 'x',
  };
  expect(retryCommand(options({}, environment), ['a.log'], null)).toBe('vpcflow backfill a.log');
  const taken = retryCommand(options({}, { ...environment, VPCFLOW_ROLE: 'r' }), ['a.log'], null);
  expect(taken).toBe('vpcflow backfill --role r --external-id x a.log');
});

test('any words come back from a shell as they were', () => {
  const word = fc.string({ unit: 'binary', minLength: 0, maxLength: 12 }).filter((text) => !text.includes('\0'));
  const nasty = fc.constantFrom(
    "it's",
    '$(id)',
    '`id`',
    '~',
    '!x',
    'a b',
    '',
    '*',
    '-x',
    '\\',
    '"',
    "''",
    's3://b/ü/k',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, nasty), { minLength: 1, maxLength: 8 }), (given) => {
      const text = given.map((one) => Buffer.from(one).toString());
      expect(words(text.map(shellQuote).join(' '))).toEqual(text);
    }),
    { numRuns: 40 },
  );
});

describe('the command', () => {
  test('has the options of the run, from wherever they came, and the sources', () => {
    const given = options(
      { store: 's3://b/it is', format: '${start} ${bytes}', 'as-new': true, accounts: '123456789012,210987654321' },
      { VPCFLOW_SERVICE_PORTS: '8443,50051', VPCFLOW_OVERLAP: 'skip' },
    );
    expect(words(retryCommand(given, ["s3://b/it's"], null))).toEqual([
      ...['vpcflow', 'backfill', '--store', 's3://b/it is', '--service-ports', '8443,50051'],
      ...['--format', '${start} ${bytes}', '--accounts', '123456789012,210987654321', '--overlap', 'skip', '--as-new'],
      "s3://b/it's",
    ]);
  });

  test('takes its sources from nowhere else', () => {
    const given = options({ sources: '-', queue: 'https://sqs/q', 'until-empty': true });
    expect(retryCommand(given, [], 'retry/sources')).toBe('vpcflow backfill --sources retry/sources');
  });

  test('is read by the option table to the same options', () => {
    const given = options({ format: '-odd', feed: 'old bucket', region: undefined, regions: 'eu-west-1' });
    const again = words(retryCommand(given, [], null)).slice(2);
    const pairs: Record<string, string | true> = {};
    for (let i = 0; i < again.length; i++) {
      const [name, value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(again[i] ?? '')?.slice(1) ?? [];
      if (name !== undefined) pairs[name] = value ?? again[++i] ?? true;
    }
    expect(options(pairs)).toEqual(given);
  });
});

describe('failures', () => {
  const problem = (i: number) => new VpcflowError('VF_SOURCE_UNREADABLE', `cannot read ${i}`);

  test('are all told while they are few, and their sources stand in the command', () => {
    const failures = new Failures('refuse', 3);
    expect(failures.lines(options())).toEqual([]);
    failures.add(problem(1), 's3://b/1');
    failures.add(problem(2), null);
    expect(failures.count).toBe(2);
    expect(failures.lines(options())).toEqual([
      expect.stringMatching(/^cannot read 1; /),
      expect.stringMatching(/^cannot read 2; /),
      'to read just these again: vpcflow backfill s3://b/1',
    ]);
  });

  test('are read again by the command that can: as before, with --overlap skip, or none', () => {
    const failures = new Failures('refuse');
    failures.add(new VpcflowError('VF_OVERLAP', 'overlap'), 's3://b/overlap');
    failures.add(new VpcflowError('VF_NAME_REUSED', 'reused'), 's3://b/reused');
    failures.add(new VpcflowError('VF_USAGE', 'odd'), 'ftp://odd');
    expect(failures.lines(options()).slice(3)).toEqual([
      expect.stringMatching(/: vpcflow backfill --overlap skip s3:\/\/b\/overlap$/),
      expect.stringMatching(/^left as they were: 1 name that came with other content than before; give --as-new /),
    ]);
    const skipping = new Failures('skip');
    skipping.add(new VpcflowError('VF_OVERLAP', 'open'), 's3://b/open');
    expect(skipping.lines(options({ overlap: 'skip' })).slice(1)).toEqual([
      'to read just these again: vpcflow backfill --overlap skip s3://b/open',
    ]);
  });

  test('are told in part when they are many, and their sources stand in a file', () => {
    const failures = new Failures('refuse', 3);
    const odd = 's3://b/line\nend';
    for (const source of ['s3://b/1', odd, 's3://b/2', 's3://b/3', 's3://b/4']) failures.add(problem(0), source);
    const lines = failures.lines(options());
    expect(lines).toHaveLength(5);
    expect(lines[3]).toBe('and 2 more');
    const [, , , file, last] = words((lines[4] ?? '').replace('to read just these again: ', ''));
    expect(last).toBe(odd);
    expect(readFileSync(String(file), 'utf8')).toBe('s3://b/1\ns3://b/2\ns3://b/3\ns3://b/4\n');
    rmSync(dirname(String(file)), { recursive: true });
  });
});
