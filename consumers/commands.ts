// The command table: each command of `vpcflow`, what it takes, and the module that runs it, loaded when it is asked for.
import type { Command } from './shared/command.ts';

/** In the order of --help. A command is listed here when its module exists, and not before. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'up',
    summary: 'everything on this machine: local Kinesis, simulated traffic, digests, the query server',
    options: [
      ...(['data', 'port', 'traffic', 'rate', 'seed', 'ports', 'servicePorts'] as const),
      ...(['formats', 'logFormat', 'unknownFields', 'workerId'] as const),
    ],
    required: [],
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
      ...(['metricsPort', 'statsd', 'statsdTags', 'log'] as const),
    ],
    required: ['stream'],
    ofKcl: ['retrieval', 'kcl', 'java', 'javaHeap', 'kclJars'],
    appendix: async () => (await import('./shared/kcl/property-help.ts')).PROPERTY_HELP,
    load: () => import('./digest/main.ts'),
  },
  {
    name: 'firehose',
    summary: 'an HTTP endpoint that Amazon Data Firehose delivers to; its records go on a Kinesis stream',
    options: [
      ...(['stream', 'firehoseHost', 'firehosePort', 'accessKeyFile', 'drain', 'unknownFields'] as const),
      ...(['metricsPort', 'statsd', 'statsdTags', 'log'] as const),
    ],
    required: ['stream'],
    appendix: async () => (await import('./shared/firehose-help.ts')).ENDPOINT_HELP,
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
      ...(['metricsPort', 'statsd', 'statsdTags', 'log'] as const),
    ],
    required: [],
    load: () => import('./backfill/main.ts'),
  },
  {
    name: 'query',
    summary: 'serves questions about a store over HTTP, on loopback',
    options: ['store', 'host', 'port'],
    required: [],
    load: () => import('./query/main.ts'),
  },
  {
    name: 'rows',
    summary: 'the merged minute rows of a window',
    options: ['store', 'start', 'stop', 'columns', 'filter', 'top', 'rowsFormat', 'lateness'],
    required: ['start', 'stop'],
    load: () => import('./query/rows.ts'),
  },
  {
    name: 'graph',
    summary: 'draws who talked to whom in a window',
    options: ['store', 'start', 'stop', 'grouping', 'filter', 'top', 'count', 'graphFormat', 'lateness'],
    required: ['start', 'stop'],
    load: () => import('./query/graph.ts'),
  },
  {
    name: 'coverage',
    summary: 'for which interfaces and minutes a window has evidence without flows',
    options: ['store', 'start', 'stop', 'coverageFormat', 'lateness'],
    required: ['start', 'stop'],
    load: () => import('./query/coverage.ts'),
  },
  {
    name: 'simulate',
    summary: 'traffic with a story in it: the same seed and start, the same bytes',
    options: ['to', 'out', 'simulateFormat', 'stream', 'start', 'duration', 'rate', 'seed'],
    required: [],
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
    load: () => import('./rejects.ts'),
  },
  {
    name: 'formats',
    summary: 'which fields the lines of each log group have: asks EC2 and writes the formats file, or checks one',
    operand: { name: 'discover|check', many: false, help: 'discover: from DescribeFlowLogs; check: what is declared' },
    options: ['formatsFile', 'regions', 'role', 'externalId', 'unknownFields', 'dryRun'],
    required: [],
    load: () => import('./formats/main.ts'),
  },
  {
    name: 'doctor',
    summary: 'what is configured, reachable and permitted, and what to fix (exit status 1)',
    options: [
      ...(['stream', 'store', 'engine', 'application', 'retrieval', 'workerId', 'java', 'kclJars', 'kcl'] as const),
      ...(['formats', 'unknownFields', 'doctorLogGroup', 'doctorFormat'] as const),
    ],
    required: [],
    ofKcl: ['retrieval', 'kcl'], // Java and the jars are looked at in any case
    load: () => import('./doctor/main.ts'),
  },
];
