// What the real daemon makes of each property, asked of its own classes: the table has no name that it ignores, no wrong
// default and no bound that it refuses; and what it does with what is not in the table shows why there is one.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findJars } from '../../../../consumers/shared/kcl/jars.ts';
import { checkJava } from '../../../../consumers/shared/kcl/java.ts';
import { type DaemonSettings, daemonProperties } from '../../../../consumers/shared/kcl/properties.ts';
import { DAEMON_PROPERTIES, type DaemonProperty } from '../../../../consumers/shared/kcl/property-table.ts';
import { requirement } from '../../../requirements.ts';
import { settings } from './daemon-settings.ts';

const PROBE = fileURLToPath(new URL('ConfigurationProbe.java', import.meta.url));

/** The program and the jars, where there are both, and the program can run a source file. */
const found = await (async () => {
  try {
    const java = (await checkJava('java', process.env)).path;
    const jars = await findJars(process.env.VPCFLOW_KCL_JARS ?? null, process.env);
    const modules = spawnSync(java, ['--list-modules'], { encoding: 'utf8' }).stdout;
    return modules.includes('jdk.compiler') ? { java, jars } : null;
  } catch {
    return null;
  }
})();
const ready = requirement(
  'JDK 17 with `npm run kcl`',
  found !== null,
  'asks the real daemon what it makes of properties',
);

/** A value that differs from the library's default and from ours. */
const otherThanDefault = ({ name, type, libraryDefault, ourDefault }: DaemonProperty): string => {
  const not = (values: readonly string[]) =>
    values.find((value) => value !== libraryDefault && value !== ourDefault) ?? 'none is left';
  switch (type.kind) {
    case 'boolean':
      return not(['true', 'false']);
    case 'integer':
      return not([type.min, type.max].map(String));
    case 'number':
      return not(['0.75', '1000.5'].filter((value) => Number(value) >= type.min && Number(value) <= type.max));
    case 'choice':
      return not(type.choices);
    case 'items':
      return name === 'metricsEnabledDimensions' ? 'Operation;ShardId' : 'cost=net;team=a b';
    case 'text':
      if (name === 'staleWorkerMetricsEntryCleanupDuration') return 'PT36H';
      return name.endsWith('Arn') ? `${settings.stream.arn}/consumer/other:1700000000` : 'other';
  }
};

/** What the library's own settings write for a value of ours. */
const asLibrary = (property: DaemonProperty, value: string): string => {
  if (property.type.kind === 'number') return value.includes('.') ? value : `${value}.0`;
  if (property.name.endsWith('Tags'))
    return value.replaceAll(/([^;=]+)=([^;]+)/g, 'Tag(Key=$1, Value=$2)').replaceAll(';', ',');
  return property.type.kind === 'items' ? value.replaceAll(';', ',') : value;
};

/** What its settings hold where it has been told nothing, for defaults that our table has in words. */
const UNTOLD: Readonly<Record<string, string>> = {
  leaseAssignmentIntervalMillis: 'null', // Then it computes twice failoverTimeMillis.
  timeoutInSeconds: 'null',
  maxThroughputPerHostKBps: '1.7976931348623157E308',
  staleWorkerMetricsEntryCleanupDuration: 'PT24H',
  workerMetricsTags: '',
  coordinatorStateTags: '',
  'fanoutConfig.consumerName': 'null', // Then it takes the application's.
  'fanoutConfig.consumerArn': 'null',
};

/** The last part of the setting that the property ends in: `workerMetricsReadCapacity` in a table's `readCapacity`. */
const settingOf = (name: string): string => {
  const own = /^(workerMetrics|coordinatorState)(BillingMode|.*Capacity|.*Enabled|Tags)$/.exec(name);
  if (own === null) return name.slice(name.lastIndexOf('.') + 1);
  const table = own[1] === 'workerMetrics' ? 'workerMetricsTableConfig' : 'coordinatorStateTableConfig';
  return `${table}.${own[2]![0]!.toLowerCase()}${own[2]!.slice(1)}`;
};

const folder = mkdtempSync(join(tmpdir(), 'vpcflow-properties-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, text: string) => writeFileSync(join(folder, `${name}.properties`), text);
const pairs = (file: string): ReadonlyMap<string, string> =>
  new Map(
    readFileSync(join(folder, file), 'utf8')
      .split('\u0001')
      .filter((pair) => pair !== '')
      .map((pair) => [pair.slice(0, pair.indexOf('\0')), pair.slice(pair.indexOf('\0') + 1)]),
  );
/** What of the library's settings differs between two files: the path, before and after. */
const differences = (before: string, after: string): readonly (readonly [string, string, string])[] => {
  const [a, b] = [pairs(`${before}.settings`), pairs(`${after}.settings`)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .map((path) => [path, a.get(path) ?? 'none', b.get(path) ?? 'none'] as const)
    .filter(([, old, now]) => old !== now);
};

const BARE = `executableName = /run/launch\napplicationName = vpcflow\nworkerId = host-1\nstreamName = flows
regionName = eu-west-3\nAwsCredentialsProvider = DefaultCredentialsProvider\n`;
const workers = fc.sample(
  fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.string({ unit: fc.constantFrom(...' :=#!\\\t\n\fé€😀'), minLength: 1 }),
  ),
  { numRuns: 40, seed: 4 },
);
const PLACES: Partial<DaemonSettings> = {
  environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_KINESIS: 'http://127.0.0.1:2' },
  from: { at: Date.UTC(2026, 10, 20, 14, 5, 0, 250) },
};
const WRONG = {
  misspelt: 'maxRecord = 5',
  'no-effect': 'cleanupLeasesUponShardCompletion = false\nvalidateSequenceNumberBeforeCheckpointing = true',
  'zero-of-nonsense': 'timeoutInSeconds = soon\nisGracefulLeaseHandoffEnabled = perhaps',
  'no-number': 'failoverTimeMillis = soon',
};

describe.skipIf(!ready)('the real daemon', () => {
  beforeAll(async () => {
    for (const mode of ['polling', 'fanout']) write(mode, `${BARE}retrievalMode = ${mode.toUpperCase()}\n`);
    for (const property of DAEMON_PROPERTIES) {
      const value = otherThanDefault(property).replaceAll(';', ',');
      write(
        property.name,
        `${BARE}retrievalMode = ${(property.retrieval ?? 'polling').toUpperCase()}\n${property.name} = ${value}\n`,
      );
    }
    workers.forEach((workerId, index) => void write(`worker-${index}`, daemonProperties({ ...settings, workerId })));
    write('ours', daemonProperties(settings));
    write('places', daemonProperties({ ...settings, ...PLACES }));
    for (const [name, lines] of Object.entries(WRONG)) write(name, `${BARE}retrievalMode = POLLING\n${lines}\n`);
    const { java, jars } = found!;
    const args = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx256m', '-cp', `${jars}/*`, PROBE, folder];
    await promisify(execFile)(java, args, { timeout: 110_000, env: { ...process.env, TZ: 'UTC' } });
  }, 120_000);

  test.each(DAEMON_PROPERTIES)('knows $name, whose default is $libraryDefault', (property) => {
    const base = property.retrieval ?? 'polling';
    const value = otherThanDefault(property);
    expect(differences(base, property.name)).toContainEqual([
      expect.stringMatching(new RegExp(`\\.${settingOf(property.name).replaceAll('.', '\\.')}$`)),
      UNTOLD[property.name] ?? asLibrary(property, property.libraryDefault),
      asLibrary(property, value),
    ]);
  });

  test('reads back every worker id', () => {
    const given = workers.map((_, index) => [
      pairs(`worker-${index}.read`).get('workerId'),
      pairs(`worker-${index}.settings`).get('daemon.workerIdentifier'),
    ]);
    expect(given).toEqual(workers.map((workerId) => [workerId, workerId]));
  });

  test('is told what we decide, and our defaults; nothing else changes', () => {
    const changed = differences('polling', 'ours').map(([path, old, now]) => `${path}: ${old} -> ${now}`);
    expect(changed.sort()).toMatchInlineSnapshot(`
      [
        "daemon.shutdownGraceMillis: 0 -> 60000",
        "daemon.timeoutInSeconds: null -> 900",
        "leaseManagementConfig.shardSyncIntervalMillis: 60000 -> 2000",
        "metricsConfig.metricsLevel: DETAILED -> NONE",
        "processorConfig.callProcessRecordsEvenForEmptyRecordList: false -> true",
        "retrievalConfig.retrievalSpecificConfig.idleTimeBetweenReadsInMillis: 1500 -> 1000",
        "retrievalConfig.retrievalSpecificConfig.maxRecords: 10000 -> 2000",
        "retrievalConfig.retrievalSpecificConfig.usePollingConfigIdleTimeValue: false -> true",
        "retrievalConfig.streamTracker.streamConfigs: StreamConfig(streamIdentifier=flows, initialPositionInStreamExtended=InitialPositionInStreamExtended(position=LATEST, timestamp=null), consumerArn=null) -> StreamConfig(streamIdentifier=flows, initialPositionInStreamExtended=InitialPositionInStreamExtended(position=TRIM_HORIZON, timestamp=null), consumerArn=null)",
      ]
    `);
  });

  test('has the endpoints, CloudWatch’s too, and the time, in whole seconds', () => {
    const changed = differences('ours', 'places').map(([path, , now]) => `${path}: ${now}`);
    expect(changed.sort()).toMatchInlineSnapshot(`
      [
        "leaseManagementConfig.dynamoDBClient: eu-west-3 http://127.0.0.1:1",
        "leaseManagementConfig.initialPositionInStream.position: AT_TIMESTAMP",
        "leaseManagementConfig.initialPositionInStream.timestamp: Fri Nov 20 14:05:00 UTC 2026",
        "leaseManagementConfig.kinesisClient: eu-west-3 http://127.0.0.1:2",
        "metricsConfig.cloudWatchClient: eu-west-3 http://127.0.0.1:1",
        "retrievalConfig.kinesisClient: eu-west-3 http://127.0.0.1:2",
        "retrievalConfig.retrievalSpecificConfig.kinesisClient: eu-west-3 http://127.0.0.1:2",
        "retrievalConfig.streamTracker.streamConfigs: StreamConfig(streamIdentifier=flows, initialPositionInStreamExtended=InitialPositionInStreamExtended(position=AT_TIMESTAMP, timestamp=Fri Nov 20 14:05:00 UTC 2026), consumerArn=null)",
      ]
    `);
  });

  test('says nothing of a name that it does not know, nor of settings that have no effect', () => {
    expect([differences('polling', 'misspelt'), differences('polling', 'no-effect')]).toEqual([[], []]);
  });

  test('takes a number that it cannot read for zero or for none, and a switch for false, without a word', () => {
    expect(differences('polling', 'zero-of-nonsense')).toEqual([
      ['daemon.timeoutInSeconds', 'null', '0'],
      [expect.stringMatching(/isGracefulLeaseHandoffEnabled$/), 'true', 'false'],
    ]);
    expect(differences('polling', 'no-number')).toEqual([]);
  });
});
