// Failures in few lines.
import { expect, test } from 'vitest';
import { FailureLog } from '../../../consumers/firehose/failure-log.ts';
import type { Log } from '../../../consumers/shared/log.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

test('twenty failures a minute have a line, the others a number', async () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const tell = (fields: unknown, message: string): void => void lines.push(`${JSON.stringify(fields)} ${message}`);
  const failures = new FailureLog({ debug: tell, info: tell, warn: tell, error: tell } satisfies Log, clock);
  for (let i = 0; i < 30; i++) failures.add({ i }, 'failed');
  expect(lines).toHaveLength(20);
  await clock.advance(60_000);
  failures.add({}, 'failed');
  expect(lines.slice(20)).toEqual(['{"requests":10} more requests failed that have no line', '{} failed']);
  failures.end();
  expect(lines).toHaveLength(22);
});
