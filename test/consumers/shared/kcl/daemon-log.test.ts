// Shows what of the daemon's output is logged and how, which moments are seen in it, and which of it explains its end.
import { describe, expect, test } from 'vitest';
import { createDaemonLog, type DaemonMoment } from '../../../../consumers/shared/kcl/daemon-log.ts';
import { recordLog, type Said } from './worker-bed.ts';

const read = (stdout: readonly string[], stderr: readonly string[] = []) => {
  const said: Said[] = [];
  const moments: DaemonMoment[] = [];
  const log = createDaemonLog(recordLog(said), (moment) => moments.push(moment));
  for (const line of stdout) log.stdout(line);
  for (const line of stderr) log.stderr(line);
  const short = said.map(({ level, message, fields }) => ({
    level,
    message,
    ...(fields.error ? { error: fields.error } : {}),
  }));
  return { said: short, moments, reason: log.reason(), words: log.words(), fields: said.map(({ fields }) => fields) };
};

const event = (level: string, logger: string, formattedMessage: string, throwable: unknown = null): string =>
  JSON.stringify({ timestamp: 1, level, loggerName: `software.amazon.kinesis.${logger}`, formattedMessage, throwable });

const REFUSED = 'Unable to execute HTTP request: Connection refused: /127.0.0.1:1 (SDK Attempt Count: 9)';
/** As the daemon wraps a refused connection. */
const refused = {
  className: 'java.lang.RuntimeException',
  message: `software.amazon.awssdk.core.exception.SdkClientException: ${REFUSED}`,
  stepArray: [],
  cause: {
    ...{ className: 'software.amazon.awssdk.core.exception.SdkClientException', message: REFUSED },
    cause: { className: 'java.net.ConnectException', message: 'Connection refused' },
  },
};

describe('the log of the daemon', () => {
  test('keeps its level, its logger and the error that says most', () => {
    const { said, fields, reason } = read([
      event('WARN', 'leases.dynamodb.DynamoDBLeaseRefresher', 'Provisioned Throughput exceeded'),
      event('ERROR', 'coordinator.Scheduler', 'Caught exception', refused),
    ]);
    expect(said).toEqual([
      { level: 'warn', message: 'Provisioned Throughput exceeded' },
      { level: 'error', message: 'Caught exception', error: `SdkClientException: ${REFUSED}` },
    ]);
    expect(fields[0]).toEqual({ source: 'kcl', logger: 'DynamoDBLeaseRefresher' });
    expect(reason).toBe(`SdkClientException: ${REFUSED}`);
  });

  test('says leases by their keys, and not what is said every few seconds', () => {
    const { said } = read([
      event('INFO', 'coordinator.Scheduler', 'Lease table is still empty. Checking again in 3000 ms'),
      event('INFO', 'coordinator.Scheduler', 'Current stream shard assignments: s'),
      event('INFO', 'leases.dynamodb.DynamoDBLeaseRefresher', 'TotalSegments for Lease table parallel scan : 1'),
      event(
        'INFO',
        'leases.dynamodb.DynamoDBLeaseRefresher',
        'Created lease: Lease(leaseKey=shardId-1, leaseOwner=null, x=[Y(z)])',
      ),
      event(
        'INFO',
        'leases.dynamodb.DynamoDBLeaseRenewer',
        ' Worker w found lease Lease(leaseKey=shardId-1, x=[Y(z)])',
      ),
      event('INFO', 'lifecycle.ShutdownTask', 'shard ended'),
    ]);
    expect(said.map(({ message }) => message)).toEqual([
      ...['Created lease: shardId-1', 'Worker w found lease shardId-1', 'shard ended'],
    ]);
  });

  test('warns of nothing that is as it must be, and has what comes with each checkpoint for who looks closely', () => {
    const { said } = read([
      event('INFO', 'leases.dynamodb.DynamoDBLeaseRefresher', 'Updated lease shardId-1.'),
      event(
        'WARN',
        'coordinator.assignment.LeaseAssignmentManager',
        'Not able to assign all expiredOrUnAssignedLeases',
      ),
    ]);
    expect(said).toEqual([
      { level: 'debug', message: 'Updated lease shardId-1.' },
      { level: 'info', message: 'Not able to assign all expiredOrUnAssignedLeases' },
    ]);
  });

  test('says that an aggregate could not be taken apart, and nothing of what is in it', () => {
    const message = 'Unexpected exception during deaggregation, record was:\nPKS:\nkey\nEHKS: \nRaw data: c2VjcmV0\n';
    const thrown = { className: 'java.lang.IndexOutOfBoundsException', message: 'Index 9 out of bounds for length 2' };
    const { said } = read([event('ERROR', 'retrieval.AggregatorUtil', message, thrown)]);
    const error = 'IndexOutOfBoundsException: Index 9 out of bounds for length 2';
    expect(said).toEqual([{ level: 'error', message: 'Unexpected exception during deaggregation', error }]);
  });

  test('has text as it is, without the usage that comes with every failure', () => {
    const { said } = read(
      [
        'Usage: amazon-kinesis-client MultiLangDaemon [options]',
        '  Options:',
        '    -l, --log-configuration',
        '',
        '{"a":',
      ],
      [
        'Picked up JAVA_TOOL_OPTIONS: -Dpassword=x',
        'NOTE: Picked up JDK_JAVA_OPTIONS: -Dy=z',
        'a word of a child',
        '\tat a.B.c(B.java:1)',
      ],
    );
    expect(said).toEqual([
      { level: 'warn', message: '{"a":' },
      { level: 'info', message: 'JAVA_TOOL_OPTIONS is in force' },
      { level: 'info', message: 'JDK_JAVA_OPTIONS is in force' },
      { level: 'warn', message: 'a word of a child' },
      { level: 'warn', message: '\tat a.B.c(B.java:1)' },
    ]);
  });
});

test.each<[DaemonMoment, string]>([
  ['up', event('INFO', 'coordinator.Scheduler', 'Initialization complete. Starting worker loop.')],
  [
    'no-stream',
    event('WARN', 'leases.KinesisShardDetector', 'Got ResourceNotFoundException when fetching shard list for s.'),
  ],
  [
    'giving-up',
    event('ERROR', 'multilang.MultiLangShardRecordProcessor', 'Encountered an error while trying to process records'),
  ],
])('the moment %s is seen', (moment, line) => {
  expect(read([line]).moments).toEqual([moment]);
});

describe('the reason of an end', () => {
  test.each([
    [
      'the cause of a stack trace',
      [
        'java.lang.RuntimeException: a.b.CException',
        '\tat x.Y.z(Y.java:1)',
        'Caused by: a.b.CException: the cause',
        '\t... 8 more',
      ],
      'CException: the cause',
    ],
    [
      'an exception of main',
      ['Exception in thread "main" java.lang.NoClassDefFoundError: a/b/C'],
      'NoClassDefFoundError: a/b/C',
    ],
    [
      'what java itself says',
      ['Error: Could not find or load main class x'],
      'Error: Could not find or load main class x',
    ],
    [
      'the error that Node ends of',
      ['node:internal/modules:1', "Error [ERR_MODULE_NOT_FOUND]: Cannot find module 'x'", '    at y'],
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find module 'x'",
    ],
    [
      'what a shell says that does not find Node',
      ['/var/tmp/vpcflow-kcl-a1b2c3/child.sh: 4: exec: /opt/node/bin/node: not found'],
      '/var/tmp/vpcflow-kcl-a1b2c3/child.sh: 4: exec: /opt/node/bin/node: not found',
    ],
    [
      'what another shell says that may not run it',
      ['/var/tmp/vpcflow-kcl-a1b2c3/child.sh: line 4: /opt/node/bin/node: Permission denied'],
      '/var/tmp/vpcflow-kcl-a1b2c3/child.sh: line 4: /opt/node/bin/node: Permission denied',
    ],
    [
      'the memory that a child has not got',
      ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', '----- Native stack trace'],
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    ],
    ['the sentence of a child', ['vpcflow: it is so; do that (VF_ENGINE)'], 'it is so; do that (VF_ENGINE)'],
  ])('is %s', (_, stderr, reason) => {
    expect(read([event('ERROR', 'coordinator.Scheduler', 'a consequence')], stderr).reason).toBe(reason);
  });

  test('is the signal that killed a child, and not what came of it', () => {
    const logger = 'multilang.MultiLangShardRecordProcessor';
    const message = 'Cannot write message ProcessRecordsMessage() because writer is closed for shard shardId-1';
    const thrown = { className: 'java.lang.IllegalStateException', message };
    const lines = (status: number) => [
      event('INFO', logger, `Child process exited with value: ${status}`),
      event('ERROR', logger, 'Encountered an error while trying to process records', thrown),
    ];
    const { reason, words } = read(lines(137));
    expect({ reason, words }).toEqual({ reason: 'a child process was killed by SIGKILL', words: 'killed by SIGKILL' });
    expect(read(lines(134)).reason).toBe('a child process was killed by SIGABRT');
    expect(read(lines(1)).reason).toBe(`IllegalStateException: ${message}`);
    expect(read(lines(137), ['vpcflow: it is so; do that (VF_ENGINE)']).reason).toBe('it is so; do that (VF_ENGINE)');
  });

  test('is nothing when nothing was complained of', () => {
    expect(read([event('WARN', 'x.Y', 'careful')], ['a word']).reason).toBe(null);
  });

  test('is not what fails while it ends', () => {
    expect(read([event('ERROR', 'multilang.MultiLangDaemon', 'Encountered an error during shutdown.')]).reason).toBe(
      null,
    );
  });
});
