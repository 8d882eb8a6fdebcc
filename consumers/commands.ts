// The command table: each command of `vpcflow`, what it takes, and the module that runs it, loaded when it is asked for.
import type { Command } from './shared/command.ts';

const METERS = ['metricsPort', 'statsd', 'statsdTags', 'log'] as const;
/** Of the commands that ask the store themselves. */
const ENGINE = ['memoryLimit', 'cacheDir', 'cacheSize'] as const;
const TAGS = { option: 'statsd', options: ['statsdTags'] } as const;

/** In the order of --help. A command is listed here when its module exists, and not before. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'up',
    summary:
      'everything on this machine: local Kinesis, simulated traffic, digests, planned mirroring, the query server',
    options: [
      ...(['data', 'port', 'traffic', 'rate', 'seed', 'ports', 'servicePorts'] as const),
      ...(['formats', 'logFormat', 'unknownFields', 'workerId', 'mirrorConfig'] as const),
    ],
    required: [],
    onlyWith: [{ option: 'traffic', value: 'simulated', options: ['rate', 'seed'] }],
    help: { mirrorConfig: 'rules of mirroring for the simulated account, YAML (without it: its own); never applied' },
    load: () => import('./up.ts'),
  },
  {
    name: 'digest',
    summary: 'turns the records of a Kinesis stream into committed minute digests',
    options: [
      ...(['stream', 'store', 'engine', 'application', 'from', 'rewind', 'workerId', 'data'] as const),
      ...(['ports', 'servicePorts', 'formats', 'logFormat', 'unknownFields'] as const),
      ...(['epochRows', 'epochBytes', 'epochHours'] as const),
      ...(['forward', 'forwardWhat', 'forwardSpool', 'forwardSpoolSize'] as const),
      ...(['retrieval', 'kcl', 'java', 'javaHeap', 'kclJars'] as const),
      ...METERS,
    ],
    required: ['stream'],
    onlyWith: [
      { option: 'engine', value: 'kcl', options: ['retrieval', 'kcl', 'java', 'javaHeap', 'kclJars'] },
      { option: 'forward', options: ['forwardWhat', 'forwardSpool', 'forwardSpoolSize'] },
      TAGS,
    ],
    appendix: async () => (await import('./shared/kcl/property-help.ts')).PROPERTY_HELP,
    load: () => import('./digest/main.ts'),
  },
  {
    name: 'firehose',
    summary: 'an HTTP endpoint that Amazon Data Firehose delivers to; its records go on a Kinesis stream',
    options: [
      ...(['stream', 'firehoseHost', 'firehosePort', 'accessKeyFile', 'drain', 'unknownFields'] as const),
      ...METERS,
    ],
    required: ['stream'],
    onlyWith: [TAGS],
    appendix: async () => (await import('./firehose/endpoint-help.ts')).ENDPOINT_HELP,
    load: () => import('./firehose/main.ts'),
  },
  {
    name: 'backfill',
    summary: 'files and S3 objects of flow logs into the store, each content once',
    operand: {
      ...{ name: 'SOURCE', many: true, optional: true },
      help: 'files, directories, s3://bucket/prefix: text, gzip, NDJSON, Firehose objects, Parquet',
    },
    options: [
      ...(['store', 'logFormat', 'logGroup', 'formats', 'unknownFields', 'ports', 'servicePorts'] as const),
      ...(['dryRun', 'asNew', 'feed', 'overlap', 'sources', 'queue', 'untilEmpty'] as const),
      ...(['start', 'stop', 'accounts', 'regions', 'role', 'externalId'] as const),
      ...METERS,
    ],
    required: [],
    onlyWith: [
      { option: 'queue', options: ['untilEmpty', ...METERS] },
      TAGS,
      { option: 'role', options: ['externalId'] },
    ],
    help: {
      dryRun: 'write nothing: files are read and counted; of S3, say what would be read and what that costs',
      start: 'only files and objects that may hold records of this minute or later, by the time in their names; whole',
      stop: 'only files and objects that may hold records of before, by the time in their names; whole',
      accounts: 'only these accounts, by the AWS key layouts (without it: all)',
      regions: 'only these regions, by the AWS key layouts (without it: all)',
      role: 'role to take on for the bucket and the queue',
    },
    load: () => import('./backfill/main.ts'),
  },
  {
    name: 'query',
    summary: 'serves questions about a store over HTTP',
    options: [
      ...(['store', 'host', 'port', 'tokenFile', 'trustedProxy', 'userHeader', 'operators'] as const),
      ...(['tlsCert', 'tlsKey', 'maxRequests', 'rateLimit', 'queryTimeout', 'maxWindow'] as const),
      ...ENGINE,
      ...(['ownNetworks', 'digestAt', 'graphAt', 'jobTimeout', 'drain'] as const),
      ...(['statsd', 'statsdTags', 'log', 'check', 'printConfig'] as const),
    ],
    required: [],
    onlyWith: [
      { option: 'trustedProxy', options: ['userHeader', 'operators'] },
      { option: 'tlsCert', options: ['tlsKey'] },
      { option: 'tlsKey', options: ['tlsCert'] },
      TAGS,
    ],
    appendix: async () => (await import('./query/server-help.ts')).SERVER_HELP,
    load: () => import('./query/main.ts'),
  },
  {
    name: 'rows',
    summary: 'the merged minute rows of a window',
    options: [
      ...(['store', 'start', 'stop', 'overlapping', 'columns', 'filter', 'top', 'rowsFormat', 'lateness'] as const),
      ...ENGINE,
    ],
    required: ['start', 'stop'],
    load: () => import('./query/commands/rows.ts'),
  },
  {
    name: 'graph',
    summary: 'draws who talked to whom in a window',
    options: [
      ...(['store', 'start', 'stop', 'grouping', 'internet', 'ownNetworks', 'filter', 'top'] as const),
      ...(['count', 'overlapping', 'graphFormat', 'lateness'] as const),
      ...ENGINE,
    ],
    required: ['start', 'stop'],
    load: () => import('./query/commands/graph.ts'),
  },
  {
    name: 'diff',
    summary: 'what is new, gone, changed or flipped in a window against another one',
    options: [
      ...(['store', 'start', 'stop', 'against', 'againstStart', 'againstStop', 'incomplete'] as const),
      ...(['grouping', 'internet', 'ownNetworks', 'filter', 'top', 'count', 'overlapping'] as const),
      ...(['diffFormat', 'lateness'] as const),
      ...ENGINE,
    ],
    required: ['start', 'stop'],
    onlyWith: [{ option: 'againstStart', options: ['againstStop'] }],
    load: () => import('./query/commands/diff.ts'),
  },
  {
    name: 'series',
    summary: 'bytes, packets and flows of a window in steps of time, accepted and rejected',
    options: [
      ...(['store', 'start', 'stop', 'step', 'overlapping', 'filter', 'count', 'seriesFormat', 'lateness'] as const),
      ...ENGINE,
    ],
    required: ['start', 'stop'],
    load: () => import('./query/commands/series.ts'),
  },
  {
    name: 'coverage',
    summary: 'which interfaces and minutes of a window there is evidence for',
    options: ['store', 'start', 'stop', 'coverageFormat', 'lateness', ...ENGINE],
    required: ['start', 'stop'],
    load: () => import('./query/commands/coverage.ts'),
  },
  {
    name: 'simulate',
    summary: 'traffic with a story in it: the same seed and start, the same bytes',
    options: ['to', 'out', 'simulateFormat', 'stream', 'start', 'duration', 'rate', 'seed'],
    required: [],
    onlyWith: [
      { option: 'to', value: 'file', options: ['out', 'start'] },
      { option: 'to', value: 'stream', options: ['stream'] },
    ],
    load: () => import('./simulate.ts'),
  },
  {
    name: 'audit',
    summary: 'proves that every line of the store is counted out, or names the gap (exit status 1)',
    options: ['store', 'start', 'stop', 'auditFormat'],
    required: [],
    load: () => import('./audit.ts'),
  },
  {
    name: 'rejects',
    summary: 'what was rejected, and reading it again under another format',
    operand: { name: 'list|replay', many: false, help: 'list: what there is; replay: takes over what decodes now' },
    options: [
      ...(['store', 'reason', 'rejectsLogGroup', 'start', 'stop', 'json'] as const),
      ...(['replayFormat', 'formats', 'unknownFields', 'replayPorts', 'servicePorts', 'overlap', 'dryRun'] as const),
    ],
    required: [],
    onlyWith: [
      { operand: 'list', options: ['json'] },
      {
        operand: 'replay',
        options: ['replayFormat', 'formats', 'unknownFields', 'replayPorts', 'servicePorts', 'overlap', 'dryRun'],
      },
    ],
    help: {
      start: 'only what arrived in this minute or later: RFC 3339, or now, now-15m, now-1d',
      stop: 'only what arrived before: RFC 3339, or now, now-15m, now-1d',
      overlap:
        'lines of an interface and minute that another feed has evidence of: refuse them all, leave those out, or add them',
      dryRun: 'read and count, replay nothing',
    },
    actions: async () => (await import('./rejects/action-help.ts')).REJECTS_ACTIONS,
    load: () => import('./rejects.ts'),
  },
  {
    name: 'formats',
    summary: 'which fields the lines of each log group have: asks EC2 and writes the formats file, or checks one',
    operand: { name: 'discover|check', many: false, help: 'discover: from DescribeFlowLogs; check: what is declared' },
    options: ['formatsFile', 'regions', 'role', 'externalId', 'unknownFields', 'dryRun'],
    required: [],
    onlyWith: [
      { operand: 'discover', options: ['regions', 'role', 'externalId', 'dryRun'] },
      { option: 'role', options: ['externalId'] },
    ],
    help: {
      regions: 'regions to ask (without it: that of the SDK)',
      role: 'role to take on for EC2',
      dryRun: 'write the formats to standard output, and leave the file as it is',
    },
    actions: async () => (await import('./formats/action-help.ts')).FORMATS_ACTIONS,
    load: () => import('./formats/main.ts'),
  },
  {
    name: 'mirror',
    summary: 'findings and launches become Traffic Mirroring sessions, and go away again',
    operand: {
      name: 'run|backfill|plan|sessions|release',
      many: false,
      help: 'run: the consumer of the events; the others: by hand',
      rest: { name: 'WHAT', help: 'plan: a file of an event or finding, or an instance id; release: session ids' },
    },
    options: [
      ...(['mirrorConfig', 'store', 'mirrorMode', 'enable', 'regions'] as const),
      ...(['stream', 'engine', 'application', 'from', 'rewind', 'workerId', 'data', 'grace'] as const),
      ...(['finding', 'interface', 'instance', 'all', 'dryRun'] as const),
      ...(['sessionState', 'start', 'stop', 'mirrorFormat'] as const),
      ...(['forward', 'forwardSpool', 'forwardSpoolSize'] as const),
      ...(['retrieval', 'kcl', 'java', 'javaHeap', 'kclJars'] as const),
      ...METERS,
    ],
    required: [],
    onlyWith: [
      { operand: 'run|backfill|plan|sessions|release', options: ['mirrorConfig', 'mirrorMode', 'regions'] },
      { operand: 'run|backfill|plan', options: ['enable'] },
      { operand: 'run|backfill|release', options: ['workerId'] },
      {
        operand: 'run',
        options: [
          ...(['stream', 'engine', 'application', 'from', 'rewind', 'data', 'grace'] as const),
          ...(['forward', 'forwardSpool', 'forwardSpoolSize'] as const),
          ...(['retrieval', 'kcl', 'java', 'javaHeap', 'kclJars'] as const),
          ...METERS,
        ],
      },
      { operand: 'sessions|release', options: ['finding', 'interface'] },
      { operand: 'release', options: ['all'] },
      { operand: 'backfill|release', options: ['dryRun'] },
      { operand: 'sessions', options: ['instance', 'sessionState', 'start', 'stop'] },
      { operand: 'plan|sessions', options: ['mirrorFormat'] },
      { option: 'engine', value: 'kcl', options: ['retrieval', 'kcl', 'java', 'javaHeap', 'kclJars'] },
      { option: 'forward', options: ['forwardSpool', 'forwardSpoolSize'] },
      TAGS,
    ],
    help: {
      store: 'where the audit lies, and the digests that are its evidence: a directory or s3://bucket/prefix',
      regions: 'only these regions of the configuration (without it: all)',
      stream: 'the Kinesis stream of the events (run needs it)',
      application:
        'name under which checkpoints are kept (without it: vpcflow-mirror; with the engine kcl vpcflow-mirror-<stream>)',
      rewind: 'forget the checkpoints: read from the oldest record; what was decided is not done again',
      dryRun: 'print what would be done, and do nothing',
      workerId: 'name of this worker in the audit (without it: the host name)',
      data: 'directory for checkpoints where the store is in S3',
      forward: 'Firehose stream that gets the rows of the audit, as NDJSON',
      start: 'only sessions that went on in this minute or later: RFC 3339, or now, now-15m, now-1d',
      stop: 'only sessions that began before: RFC 3339, or now, now-15m, now-1d',
    },
    actions: async () => (await import('./mirror/action-help.ts')).MIRROR_ACTIONS,
    load: () => import('./mirror/main.ts'),
  },
  {
    name: 'doctor',
    summary: 'what is configured, reachable and permitted, and what to fix (exit status 1)',
    options: [
      ...(['stream', 'store', 'engine', 'application', 'retrieval', 'workerId', 'java', 'kclJars', 'kcl'] as const),
      ...(['formats', 'unknownFields', 'doctorLogGroup', 'doctorFormat'] as const),
      ...(['mirrorConfig', 'mirrorMode', 'enable'] as const),
    ],
    required: [],
    onlyWith: [
      { option: 'engine', value: 'kcl', options: ['retrieval', 'kcl'] }, // Java and the jars: in any case
      { option: 'mirrorConfig', options: ['mirrorMode', 'enable'] },
    ],
    help: {
      mirrorConfig: 'rules of mirroring: checks them and, with calls that change nothing (DryRun), what EC2 permits',
    },
    load: () => import('./doctor/main.ts'),
  },
];
