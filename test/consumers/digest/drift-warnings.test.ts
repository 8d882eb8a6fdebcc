// A format that drifts, as an operator sees it: metrics and log lines of real epochs, and what data can do to them.
import { expect, test } from 'vitest';
import { DriftWarnings, NO_GROUP } from '../../../consumers/digest/drift-warnings.ts';
import { UnknownFields } from '../../../consumers/digest/unknown-fields.ts';
import { prometheusMeter } from '../../../consumers/shared/metrics/prometheus.ts';
import type { LogGroupLines } from '../../../pipeline/formats/group-tally.ts';
import { DEFAULT_FORMAT } from '../../../schemas/fields.ts';
import { decodeRecords, envelope, flowLine, newTarget } from '../../pipeline/decode/decoded.ts';
import { recordedLog } from '../shared/metrics/recorded-log.ts';

/** What an epoch tells of its groups that has these lines of log groups. */
const epochOf = async (groups: Readonly<Record<string, readonly string[]>>): Promise<readonly LogGroupLines[]> => {
  const target = newTarget();
  const records = Object.entries(groups).map(([logGroup, lines]) => envelope(lines, { logGroup }));
  await decodeRecords(records, undefined, target);
  return target.tally.groups();
};

const good = Array.from({ length: 25 }, (_, i) => flowLine(i));
const custom = good.map((line) => `${line} vpc-0a`);

const watched = () => {
  const { meter, registry } = prometheusMeter();
  const { log, lines } = recordedLog();
  const series = async (): Promise<readonly string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('vpcflow_format_drift_lines_total{'));
  return { warnings: new DriftWarnings(meter, log), lines, series };
};

test('a log group whose flow log was made anew with other fields is told at once, and when it is declared', async () => {
  const { warnings, lines, series } = watched();
  warnings.committed(await epochOf({ vpc: good, other: good }), 0);
  expect(lines).toEqual([]);
  expect(await series()).toEqual([
    'vpcflow_format_drift_lines_total{log_group="vpc"} 0',
    'vpcflow_format_drift_lines_total{log_group="other"} 0',
  ]);
  warnings.committed(await epochOf({ vpc: custom, other: good }), 60_000);
  expect(lines).toEqual([
    {
      level: 'error',
      fields: {
        ...{ log_group: 'vpc', lines: 25, rejects: 25, by_reason: { token_count: 25 } },
        ...{ since: '1970-01-01T00:01:00.000Z', format: DEFAULT_FORMAT, samples: custom.slice(0, 3) },
      },
      message: expect.stringMatching(/formats discover.*--formats.*rejects replay/),
    },
  ]);
  warnings.committed(await epochOf({ vpc: custom }), 120_000);
  expect(await series()).toContain('vpcflow_format_drift_lines_total{log_group="vpc"} 50');
  warnings.committed(await epochOf({ vpc: custom }), 660_000);
  expect(lines.slice(1)).toMatchObject([{ level: 'warn', fields: { log_group: 'vpc', lines: 50, rejects: 50 } }]);
  warnings.committed(await epochOf({ vpc: good }), 720_000);
  expect(lines.slice(2)).toMatchObject([
    { level: 'info', fields: { log_group: 'vpc', lines: 25, rejects: 0, since: '1970-01-01T00:01:00.000Z' } },
  ]);
  expect(await series()).toContain('vpcflow_format_drift_lines_total{log_group="other"} 0');
});

test('samples are one line each and move no cursor', () => {
  const { warnings, lines } = watched();
  const samples = ['a\nb\u001b[31m', 'say "é"\u0085', '\u202eabc\\'];
  const rejects = { lines: 20, rejects: 20, byReason: { no_format: 20 }, format: '${start}' };
  warnings.committed([{ logGroup: null, ...rejects, samples }], 0);
  expect(lines[0]?.fields.samples).toEqual(['a\\nb\\u001b[31m', 'say "é"\\u0085', '\\u202eabc\\\\']);
  expect(lines[0]?.fields.log_group).toBeNull();
});

test('a hundred log groups have a series of their own, and the others one', async () => {
  const { warnings, series } = watched();
  const bad = { lines: 20, rejects: 20, byReason: { token_count: 20 }, format: '${start}', samples: ['x'] };
  warnings.committed([{ logGroup: null, ...bad }], 0);
  const groups = Array.from({ length: 150 }, (_, i) => ({ logGroup: `group-${i}`, ...bad }));
  warnings.committed(groups, 0);
  const all = await series();
  expect(all).toHaveLength(101);
  expect(all).toContain(`vpcflow_format_drift_lines_total{log_group="${NO_GROUP}"} 20`);
  expect(all).toContain(`vpcflow_format_drift_lines_total{log_group="other"} ${51 * 20}`);
});

test('an envelope that names no log group, or one too long to be any, makes a label all the same', async () => {
  const { warnings, series } = watched();
  const bad = { lines: 20, rejects: 20, byReason: { token_count: 20 }, format: '${start}', samples: ['x'] };
  warnings.committed(
    [
      { logGroup: '', ...bad },
      { logGroup: 'g'.repeat(100_000), ...bad },
    ],
    0,
  );
  expect(await series()).toEqual([
    'vpcflow_format_drift_lines_total{log_group="(none)"} 20',
    `vpcflow_format_drift_lines_total{log_group="${'g'.repeat(512)}"} 20`,
  ]);
});

test('a field that is not known is told once', () => {
  const { log, lines } = recordedLog();
  const fields = new UnknownFields(log);
  fields.met(['mood', 'quantum-state']);
  fields.met(['quantum-state']);
  fields.met([]);
  expect(lines.map(({ level, fields }) => [level, fields])).toEqual([
    ['warn', { field: 'mood' }],
    ['warn', { field: 'quantum-state' }],
  ]);
  for (let i = 0; i < 1000; i++) fields.met([`f${i}`]);
  expect(lines).toHaveLength(200);
});
