// The daemon's properties file: what stands in it, what `--kcl` may change, and how its problems are told.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applicationName } from '../../../../consumers/shared/application.ts';
import { type DaemonSettings, daemonProperties } from '../../../../consumers/shared/kcl/properties.ts';
import { DAEMON_PROPERTIES, REFUSED_PROPERTIES } from '../../../../consumers/shared/kcl/property-table.ts';
import { VpcflowError } from '../../../../schemas/errors.ts';
import { readProperties, settings } from './daemon-settings.ts';

const problemOf = (changed: Partial<DaemonSettings>): VpcflowError => {
  try {
    daemonProperties({ ...settings, ...changed });
  } catch (error) {
    if (error instanceof VpcflowError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
};

describe('the file', () => {
  test('has what the engine decides and our defaults, sorted', () => {
    expect(daemonProperties(settings)).toBe(
      [
        'AwsCredentialsProvider = DefaultCredentialsProvider',
        'applicationName = vpcflow',
        'callProcessRecordsEvenForEmptyRecordList = true',
        'executableName = /run/launch',
        'idleTimeBetweenReadsInMillis = 1000',
        'initialPositionInStream = TRIM_HORIZON',
        'maxRecords = 2000',
        'metricsLevel = NONE',
        'processingLanguage = nodejs',
        'regionName = eu-west-3',
        'retrievalMode = POLLING',
        'shardSyncIntervalMillis = 2000',
        'shutdownGraceMillis = 60000',
        'streamArn = arn:aws:kinesis:eu-west-3:123456789012:stream/flows',
        'timeoutInSeconds = 900',
        'workerId = host-1',
        '',
      ].join('\n'),
    );
  });

  test('of enhanced fan-out has no property of polling, which could only mislead, and names the consumer', () => {
    const file = readProperties(daemonProperties({ ...settings, retrieval: 'fanout' }));
    expect(file.get('retrievalMode')).toBe('FANOUT');
    expect(file.get('fanoutConfig.consumerName')).toBe('vpcflow');
    const polling = DAEMON_PROPERTIES.filter(({ retrieval }) => retrieval === 'polling');
    expect(polling.map(({ name }) => name).filter((name) => file.has(name))).toEqual([]);
    const named = (name: string, value: string) =>
      readProperties(daemonProperties({ ...settings, retrieval: 'fanout', overrides: { [name]: value } }));
    expect(named('fanoutConfig.consumerName', 'other').get('fanoutConfig.consumerName')).toBe('other');
    const arn = `${settings.stream.arn}/consumer/other:1700000000`;
    expect(named('fanoutConfig.consumerArn', arn).get('fanoutConfig.consumerArn')).toBe(arn);
    expect(named('fanoutConfig.consumerArn', arn).has('fanoutConfig.consumerName')).toBe(false);
  });

  test('starts at the oldest record, at the tip, or at a time, whose part of a second is read again', () => {
    const start = (from: DaemonSettings['from']) =>
      [...readProperties(daemonProperties({ ...settings, from }))].filter(([name]) =>
        name.startsWith('initialPosition'),
      );
    expect(start('trim')).toEqual([['initialPositionInStream', 'TRIM_HORIZON']]);
    expect(start('latest')).toEqual([['initialPositionInStream', 'LATEST']]);
    expect(start({ at: 1_700_000_000_999 })).toEqual([['initialPositionInStreamExtended', '1700000000']]);
    expect(start({ at: -1 })).toEqual([['initialPositionInStreamExtended', '0']]);
  });

  test('has the endpoints of the environment: a service’s own before the one for all, and none when they are to be ignored', () => {
    const all = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_KINESIS: 'http://127.0.0.1:2' };
    const endpoints = (environment: Record<string, string>) =>
      [...readProperties(daemonProperties({ ...settings, environment }))].filter(([name]) => /endpoint/i.test(name));
    expect(endpoints(all)).toEqual([
      ['cloudWatchClient.endpointOverride', 'http://127.0.0.1:1'],
      ['dynamoDBEndpoint', 'http://127.0.0.1:1'],
      ['kinesisEndpoint', 'http://127.0.0.1:2'],
    ]);
    expect(endpoints({ AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:3', AWS_ENDPOINT_URL_KINESIS: '' })).toEqual([
      ['dynamoDBEndpoint', 'http://127.0.0.1:3'],
    ]);
    expect(endpoints({ ...all, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' })).toEqual([]);
  });

  test('has no secret of the environment', () => {
    const environment = {
      AWS_ACCESS_KEY_ID: 'AKIASECRET',
      AWS_SECRET_ACCESS_KEY: 'hidden',
      AWS_SESSION_TOKEN: 'token1',
    };
    expect(daemonProperties({ ...settings, environment })).toBe(daemonProperties(settings));
  });

  test('does not depend on the order of --kcl', () => {
    const pairs = {
      maxRecords: '5',
      failoverTimeMillis: '20000',
      metricsLevel: 'SUMMARY',
      disableWorkerMetrics: 'true',
    };
    const turned = Object.fromEntries(Object.entries(pairs).reverse());
    expect(daemonProperties({ ...settings, overrides: turned })).toBe(
      daemonProperties({ ...settings, overrides: pairs }),
    );
  });

  test('is printable ASCII, and any text comes back from it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom(...' :=#!\\\t\n\fu0é€😀') }),
        ),
        (workerId) => {
          const text = daemonProperties({ ...settings, workerId });
          expect(text).toMatch(/^[\x20-\x7e\n]*$/);
          expect(readProperties(text).get('workerId')).toBe(workerId);
        },
      ),
    );
  });

  test('takes lists separated by semicolons, which --kcl leaves whole', () => {
    const overrides = { metricsEnabledDimensions: 'Operation; ShardId', workerMetricsTags: 'team=net ops;cost=a+b' };
    const file = readProperties(daemonProperties({ ...settings, overrides }));
    expect(file.get('metricsEnabledDimensions')).toBe('Operation,ShardId');
    expect(file.get('workerMetricsTags')).toBe('team=net ops,cost=a+b');
  });
});

describe('--kcl', () => {
  test('reports all that is wrong at once', () => {
    const { code, message } = problemOf({
      overrides: {
        maxrecord: '5',
        streamName: 'other',
        timeoutInSeconds: '0',
        metricsLevel: 'some',
        disableWorkerMetrics: 'yes',
        workerMetricsEMAAlpha: '2',
        staleWorkerMetricsEntryCleanupDuration: 'P',
        workerMetricsTags: 'a=b;c',
        'fanoutConfig.consumerName': 'x',
      },
    });
    expect(code).toBe('VF_USAGE');
    expect(message.split('; ')).toEqual([
      '--kcl knows no maxrecord, did you mean maxRecords?',
      '--kcl cannot set streamName: use --stream',
      '--kcl timeoutInSeconds needs a whole number from 1 to 86400, not "0"',
      '--kcl metricsLevel needs one of NONE, SUMMARY, DETAILED, not "some"',
      '--kcl disableWorkerMetrics needs true or false, not "yes"',
      '--kcl workerMetricsEMAAlpha needs a number from 0.000001 to 1, not "2"',
      '--kcl staleWorkerMetricsEntryCleanupDuration needs an ISO 8601 duration such as PT12H or P1D, not "P"',
      '--kcl workerMetricsTags needs tags NAME=VALUE separated by semicolons, not "a=b;c"',
      '--kcl fanoutConfig.consumerName is for --retrieval fanout, and this is polling',
    ]);
    const polling = problemOf({ retrieval: 'fanout', overrides: { maxRecords: '5' } });
    expect(polling.message).toBe('--kcl maxRecords is for --retrieval polling, and this is fanout');
  });

  test('takes each property within its bounds, and none just outside them', () => {
    for (const { name, type, retrieval } of DAEMON_PROPERTIES) {
      if (type.kind !== 'integer') continue;
      const given = (value: number | string) => ({
        retrieval: retrieval ?? ('polling' as const),
        overrides: { [name]: String(value) },
      });
      for (const value of [type.min, type.max])
        expect(readProperties(daemonProperties({ ...settings, ...given(value) })).get(name)).toBe(String(value));
      for (const value of [type.min - 1, type.max + 1, 1.5, '', ' 5', '0x10', '1e3'])
        expect([name, value, problemOf(given(value)).message]).toEqual([name, value, expect.stringContaining(name)]);
    }
  });

  test('refuses what the engine decides, and says what to use', () => {
    for (const [name, instead] of Object.entries(REFUSED_PROPERTIES))
      expect(problemOf({ overrides: { [name]: 'x' } }).message).toBe(`--kcl cannot set ${name}: ${instead}`);
    expect(problemOf({ overrides: { toString: 'x' } }).message).toContain('--kcl knows no toString');
  });

  test('proposes a name that is near, and may be set; else it says where the names are', () => {
    const of = (name: string): string => problemOf({ overrides: { [name]: 'x' } }).message;
    expect(of('failoverTimeMilis')).toBe('--kcl knows no failoverTimeMilis, did you mean failoverTimeMillis?');
    expect(of('METRICSLEVEL')).toBe('--kcl knows no METRICSLEVEL, did you mean metricsLevel?');
    for (const name of ['foo', 'x', 'workerIds', 'streamname', 'checkpointInterval'])
      expect(of(name)).toMatch(new RegExp(`^--kcl knows no ${name}: the names are in the README`));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(REFUSED_PROPERTIES)), fc.nat(30), (refused, at) => {
        const name = refused.slice(0, at) + refused.slice(at + 1);
        const meant = /did you mean ([^?]+)/.exec(of(name))?.[1];
        expect(Object.keys(REFUSED_PROPERTIES)).not.toContain(meant);
      }),
    );
  });
});

describe('names', () => {
  test('of an application are such that its tables can have them, and its consumer, or it is told', () => {
    const stream = { ...settings.stream, name: 'x'.repeat(128) }; // as long as Kinesis allows
    const application = applicationName(null, 'kcl', 'digest', stream);
    expect(`${application}-CoordinatorState`.length).toBeLessThanOrEqual(255);
    expect(readProperties(daemonProperties({ ...settings, application })).get('applicationName')).toBe(application);
    const problem = problemOf({ application, retrieval: 'fanout' });
    expect(problem).toMatchObject({ code: 'VF_USAGE', message: expect.stringContaining('more than 128 characters') });
    const overrides = { 'fanoutConfig.consumerName': 'c' };
    const file = readProperties(daemonProperties({ ...settings, application, retrieval: 'fanout', overrides }));
    expect(file.get('fanoutConfig.consumerName')).toBe('c');
    for (const given of ['ab', 'a b c', 'x'.repeat(101), 'réseau', '.a.b'])
      expect(() => applicationName(given, 'kcl', 'digest', stream)).toThrow('is not made of 3 to 100 letters');
    const longest = applicationName('y'.repeat(100), 'kcl', 'digest', stream);
    const fanout = readProperties(daemonProperties({ ...settings, application: longest, retrieval: 'fanout' }));
    expect(fanout.get('fanoutConfig.consumerName')).toBe(longest);
  });

  test('of the child’s program have no space: the daemon splits them there', () => {
    expect(problemOf({ executable: '/my files/launch' }).sentence).toBe(
      'the path /my files/launch has a space in it, and the daemon splits it there; set TMPDIR to a directory without one (VF_USAGE)',
    );
  });
});
