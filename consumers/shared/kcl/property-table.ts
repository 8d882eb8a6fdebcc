// The table of the Client Library's properties: what `--kcl` may set, what each means and may be, and what it may not set.
// The daemon ignores names that it does not know, and takes a number that it cannot read for 0, so all is checked here.

export type PropertyType =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'text'; readonly pattern: RegExp; readonly what: string }
  /** Separated by semicolons (a comma ends the pair in --kcl); the daemon gets commas. */
  | { readonly kind: 'items'; readonly pattern: RegExp; readonly what: string };

export interface DaemonProperty {
  readonly name: string;
  readonly type: PropertyType;
  /** What the library does without it; as it would be written. */
  readonly libraryDefault: string;
  /** What vpcflow sets unless `--kcl` says otherwise; null: nothing. */
  readonly ourDefault: string | null;
  /** The `--retrieval` that it belongs to; null: both. */
  readonly retrieval: 'polling' | 'fanout' | null;
  readonly help: string;
}

interface Rest {
  readonly ours?: string;
  readonly retrieval?: 'polling' | 'fanout';
}

const row = (name: string, type: PropertyType, libraryDefault: string, help: string, rest: Rest): DaemonProperty => ({
  ...{ name, type, libraryDefault, help },
  ourDefault: rest.ours ?? null,
  retrieval: rest.retrieval ?? null,
});

const flag = (name: string, libraryDefault: boolean, help: string) =>
  row(name, { kind: 'boolean' }, String(libraryDefault), help, {});

type Bounds = readonly [min: number, max: number];

const integer = (name: string, [min, max]: Bounds, libraryDefault: number | string, help: string, rest: Rest = {}) =>
  row(name, { kind: 'integer', min, max }, String(libraryDefault), help, rest);

const number = (name: string, [min, max]: Bounds, libraryDefault: number | string, help: string) =>
  row(name, { kind: 'number', min, max }, String(libraryDefault), help, {});

type Choices = readonly [string, ...(readonly string[])];

const choice = (name: string, choices: Choices, libraryDefault: string, help: string, rest: Rest = {}) =>
  row(name, { kind: 'choice', choices }, libraryDefault, help, rest);

const LONG = 2_147_483_647; // what the library keeps in 32 bits somewhere on the way
const MILLIS: Bounds = [100, 86_400_000];
const CAPACITY: Bounds = [1, 40_000];
const DURATION = /^P(?!$)(\d{1,4}D)?(T(?=\d)(\d{1,6}H)?(\d{1,6}M)?(\d{1,9}S)?)?$/;
const TAG = /^[\p{L}\p{N} +\-.:/@_]{1,128}=[\p{L}\p{N} +\-.:/@_]{1,256}$/u;

/** The tables that the library keeps beside the lease table have the same settings. */
const table = (prefix: string, what: string): readonly DaemonProperty[] => [
  choice(
    `${prefix}BillingMode`,
    ['PAY_PER_REQUEST', 'PROVISIONED'],
    'PAY_PER_REQUEST',
    `how the table of ${what} is paid for; only when it is created`,
  ),
  integer(`${prefix}ReadCapacity`, CAPACITY, 0, `read units of the table of ${what} when it is PROVISIONED`),
  integer(`${prefix}WriteCapacity`, CAPACITY, 0, `write units of the table of ${what} when it is PROVISIONED`),
  flag(`${prefix}PointInTimeRecoveryEnabled`, false, `point-in-time recovery of the table of ${what}`),
  flag(`${prefix}DeletionProtectionEnabled`, false, `deletion protection of the table of ${what}`),
  row(
    `${prefix}Tags`,
    { kind: 'items', pattern: TAG, what: 'tags NAME=VALUE separated by semicolons' },
    'none',
    `tags of the table of ${what}; only when it is created`,
    {},
  ),
];

/**
 * Every property that is worth setting and that the daemon honours. A boolean or number of which the daemon cannot be
 * told its own zero (it takes false and 0 for "not given") is not here, or has a bound above it.
 */
export const DAEMON_PROPERTIES: readonly DaemonProperty[] = [
  // Leases: which worker has which shard.
  integer('failoverTimeMillis', [1_000, 3_600_000], 10_000, 'a lease that is not renewed for so long is given away'),
  integer('leaseAssignmentIntervalMillis', [100, LONG], 20_000, 'how often leases are assigned to workers'),
  flag('enablePriorityLeaseAssignment', true, 'leases that expired three times over are assigned first'),
  integer('maxLeasesForWorker', [1, LONG], LONG, 'most shards that this worker takes; memory grows with each'),
  integer('maxLeasesToStealAtOneTime', [1, LONG], 1, 'leases taken from another worker at once, in the 2X mode'),
  integer('maxLeaseRenewalThreads', [2, 1_000], 20, 'threads that renew leases'),
  flag('isGracefulLeaseHandoffEnabled', true, 'a worker that loses a lease commits and checkpoints before'),
  integer('gracefulLeaseHandoffTimeoutMillis', [1_000, 3_600_000], 30_000, 'how long it has for that'),
  choice(
    'clientVersionConfig',
    ['CLIENT_VERSION_CONFIG_3X', 'CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X'],
    'CLIENT_VERSION_CONFIG_3X',
    'COMPATIBLE_WITH_2X while workers of version 2 still run, and for a fast take-over',
  ),
  flag('leaseTableDeletionProtectionEnabled', false, 'deletion protection of the lease table, when it is created'),
  flag('leaseTablePitrEnabled', false, 'point-in-time recovery of the lease table'),

  // Shards: splits, merges, and where their list comes from.
  integer('shardSyncIntervalMillis', MILLIS, 60_000, 'pause after leases were made for the shards that are listed', {
    ours: '2000', // The first start of an application would stand still for a minute.
  }),
  integer('parentShardPollIntervalMillis', MILLIS, 10_000, 'how often a child asks whether its parents have ended'),
  flag('ignoreUnexpectedChildShards', false, 'go on when a child shard is listed whose parents are not'),
  flag('skipShardSyncAtWorkerInitializationIfLeasesExist', false, 'start without listing the shards'),
  integer('listShardsBackoffTimeInMillis', MILLIS, 1_500, 'wait before ListShards is tried again'),
  integer('maxListShardsRetryAttempts', [1, 1_000], 50, 'how often ListShards is tried'),

  // Reading with --retrieval polling.
  integer('maxRecords', [1, 10_000], 10_000, 'records asked for at once (an answer has at most 10 MB)', {
    ours: '2000', // Twice what a shard takes in between two reads (1,000 records/s), so that a backlog shrinks.
    retrieval: 'polling',
  }),
  integer('idleTimeBetweenReadsInMillis', [200, 86_400_000], 1_500, 'wait between two reads of a shard (5/s allowed)', {
    ours: '1000',
    retrieval: 'polling',
  }),
  integer(
    'millisBehindLatestThresholdForReducedTps',
    [1, 86_400_000],
    0,
    'a shard that is less than so far behind is read only so often',
    { retrieval: 'polling' },
  ),

  // Reading with --retrieval fanout.
  row(
    'fanoutConfig.consumerName',
    { kind: 'text', pattern: /^[a-zA-Z0-9_.-]{1,128}$/, what: 'up to 128 letters, digits and _.-' },
    'the application',
    'name under which the stream’s consumer is registered',
    { retrieval: 'fanout' },
  ),
  row(
    'fanoutConfig.consumerArn',
    { kind: 'text', pattern: /^arn:[\w-]+:kinesis:[\w-]+:\d{12}:stream\/.+\/consumer\/.+$/, what: 'a consumer’s ARN' },
    'none',
    'a consumer that is registered already; then none is registered',
    { retrieval: 'fanout' },
  ),
  ...(
    [
      ['fanoutConfig.maxDescribeStreamSummaryRetries', [1, 1_000], 10, 'how often DescribeStreamSummary is tried'],
      ['fanoutConfig.maxDescribeStreamConsumerRetries', [1, 1_000], 10, 'how often DescribeStreamConsumer is tried'],
      ['fanoutConfig.registerStreamConsumerRetries', [1, 1_000], 10, 'how often RegisterStreamConsumer is tried'],
      ['fanoutConfig.retryBackoffMillis', MILLIS, 1_000, 'wait before one of them is tried again'],
    ] as const
  ).map(([name, bounds, fallback, help]) => integer(name, bounds, fallback, help, { retrieval: 'fanout' })),

  // Processing.
  integer('timeoutInSeconds', [1, 86_400], 'none', 'a child that does not answer for so long ends the worker', {
    ours: '900', // The last net: a store call that hangs is given up long before.
  }),
  integer('shutdownGraceMillis', [1_000, 3_600_000], 0, 'how long a worker that is told to stop may commit', {
    ours: '60000', // With 0 the daemon would wait for nothing.
  }),
  integer('taskBackoffTimeMillis', MILLIS, 500, 'wait before a failed step of the library is tried again'),
  integer('logWarningForTaskAfterMillis', [100, LONG], 'none', 'a step that takes longer is logged'),
  integer('schedulerInitializationBackoffTimeMillis', MILLIS, 1_000, 'wait before a failed start is tried again'),

  // Balancing by load.
  flag('disableWorkerMetrics', false, 'true: leases are balanced without the CPU of the workers'),
  integer('inMemoryWorkerMetricsCaptureFrequencyMillis', MILLIS, 1_000, 'how often a worker’s CPU is measured'),
  integer('workerMetricsReporterFreqInMillis', [1_000, 86_400_000], 30_000, 'how often it is stored'),
  integer('noOfPersistedMetricsPerWorkerMetrics', [1, 1_000], 10, 'how many measurements are stored'),
  number('maxThroughputPerHostKBps', [1, 1e12], 'unlimited', 'most KB/s of shards that one worker is given'),
  integer('dampeningPercentage', [1, 100], 60, 'part of a worker’s surplus that is moved at once'),
  integer('reBalanceThresholdPercentage', [1, 100], 10, 'a worker so far from the average is balanced'),
  flag('allowThroughputOvershoot', true, 'a lease may be moved though it is more than the surplus'),
  integer('varianceBalancingFrequency', [1, 1_000], 3, 'balance at every so many assignments'),
  number('workerMetricsEMAAlpha', [0.000_001, 1], 0.5, 'weight of the newest measurement in the average'),
  row(
    'staleWorkerMetricsEntryCleanupDuration',
    { kind: 'text', pattern: DURATION, what: 'an ISO 8601 duration such as PT12H or P1D' },
    'P1D',
    'measurements of a worker are forgotten after so long',
    {},
  ),
  ...table('workerMetrics', 'worker measurements'),
  ...table('coordinatorState', 'the leader'),

  // CloudWatch.
  choice(
    'metricsLevel',
    ['NONE', 'SUMMARY', 'DETAILED'],
    'DETAILED',
    'what the library sends to CloudWatch (paid by metric); vpcflow’s own metrics do not need it',
    { ours: 'NONE' },
  ),
  integer('metricsBufferTimeMillis', [1_000, 3_600_000], 10_000, 'metrics are sent after so long'),
  integer('metricsMaxQueueSize', [1, 1_000_000], 10_000, 'metrics that wait at most'),
  row(
    'metricsEnabledDimensions',
    {
      kind: 'items',
      pattern: /^(ALL|Operation|ShardId|WorkerIdentifier)$/,
      what: 'ALL, Operation, ShardId, WorkerIdentifier, separated by semicolons',
    },
    'ALL',
    'dimensions of the metrics',
    {},
  ),
];

const IGNORED = 'the Client Library 3 does nothing with it';
const CREDENTIALS = 'credentials come from the SDK’s own variables and profiles (AWS_PROFILE, AWS_ROLE_ARN)';
const TABLES = 'the tables are named after --application';

/** Names that `--kcl` may not set, and what to do instead. */
export const REFUSED_PROPERTIES: Readonly<Record<string, string>> = {
  executableName: 'vpcflow starts its own child',
  processingLanguage: 'vpcflow starts its own child',
  applicationName: 'use --application',
  streamName: 'use --stream',
  streamArn: 'use --stream',
  workerId: 'use --worker-id',
  workerIdentifier: 'use --worker-id',
  regionName: 'the region is the stream’s, from its ARN',
  initialPositionInStream: 'use --from',
  initialPositionInStreamExtended: 'use --from',
  retrievalMode: 'use --retrieval',
  kinesisEndpoint: 'use AWS_ENDPOINT_URL_KINESIS',
  dynamoDBEndpoint: 'use AWS_ENDPOINT_URL_DYNAMODB',
  'kinesisClient.endpointOverride': 'use AWS_ENDPOINT_URL_KINESIS',
  'dynamoDbClient.endpointOverride': 'use AWS_ENDPOINT_URL_DYNAMODB',
  'cloudWatchClient.endpointOverride': 'use AWS_ENDPOINT_URL_CLOUDWATCH',
  AwsCredentialsProvider: CREDENTIALS,
  AwsCredentialsProviderDynamoDB: CREDENTIALS,
  AwsCredentialsProviderCloudWatch: CREDENTIALS,
  tableName: TABLES,
  workerMetricsTableName: TABLES,
  coordinatorStateTableName: TABLES,
  callProcessRecordsEvenForEmptyRecordList: 'it is always true: an epoch closes though no record comes',
  maxActiveThreads: 'every shard needs several threads, and a worker with too few stands still',
  cleanupLeasesUponShardCompletion: 'it is always true: the Client Library 3 takes false for "not given"',
  shardPrioritization: 'it is a Java class',
  validateSequenceNumberBeforeCheckpointing: IGNORED,
  retryGetRecordsInSeconds: IGNORED,
  maxGetRecordsThreadPool: IGNORED,
  initialLeaseTableReadCapacity: 'the lease table is paid for by request',
  initialLeaseTableWriteCapacity: 'the lease table is paid for by request',
};
