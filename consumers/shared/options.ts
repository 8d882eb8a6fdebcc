// The one option table: every setting of every command with its name, default, bounds and help. --help and the README
// table are made from it.
import { AGAINST } from '../../schemas/diff.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import { DIFF_FORMATS, GRAPH_FORMATS, ROW_FORMATS, TEXT_FORMATS } from '../../schemas/formats.ts';
import { COUNTINGS, INTERNETS } from '../../schemas/graph.ts';
import { ASKED_IDS } from '../../schemas/mirroring/asked-ids.ts';
import { MIRROR_MODES } from '../../schemas/mirroring/rules.ts';
import { grouping, networks } from './graph-options.ts';
import {
  choice,
  duration,
  flag,
  id,
  identifier,
  integer,
  integers,
  label,
  list,
  listOf,
  maybeChoice,
  maybeDuration,
  maybeInteger,
  type Option,
  optional,
  pairs,
  place,
  text,
} from './option-kinds.ts';

/** An option whose values differ between commands (`--format`) has a row for each set of values. */
export const OPTIONS = {
  store: place('store', './data', 'where everything lies: a directory or s3://bucket/prefix'),
  data: text('data', 'DIR', './data', 'directory of the store; state of `up` is in DIR/.vpcflow'),
  host: text(
    'host',
    'HOST',
    '127.0.0.1',
    'address to listen on; other than loopback needs --token-file or --trusted-proxy',
  ),
  port: integer('port', 8080, [0, 65535], 'TCP port of the HTTP server; 0 takes a free one'),
  tokenFile: optional('token-file', 'FILE', 'who may ask: a line each of role, name and SHA-256 of the token'),
  trustedProxy: listOf(
    'trusted-proxy',
    'CIDR,..',
    /^[0-9a-fA-F:.]+\/\d{1,3}$/,
    'networks such as 10.0.0.0/8',
    'networks of proxies that authenticate: theirs is the user of --user-header',
  ),
  userHeader: text('user-header', 'NAME', 'x-forwarded-user', 'header in which a trusted proxy names the user'),
  operators: list('operators', 'NAME,..', 'users of a trusted proxy with the role operate (others: read)'),
  tlsCert: optional('tls-cert', 'FILE', 'certificate chain, PEM: serve HTTPS'),
  tlsKey: optional('tls-key', 'FILE', 'its private key, PEM'),
  maxRequests: integer('max-requests', 256, [1, 65_536], 'requests held at once; more are answered 503'),
  rateLimit: maybeInteger('rate-limit', [1, 1_000_000], 'questions a minute of one client; more are answered 429'),
  queryTimeout: duration('query-timeout', '2m', '1s', '1h', 'how long an answer may take'),
  maxWindow: duration('max-window', '31d', '1m', '400d', 'the longest window that may be asked for'),
  memoryLimit: integer(
    'memory-limit',
    576,
    [64, 1_048_576],
    'MiB that large questions may hold before they spill to TMPDIR, a core for each 512; small ones have 128 more',
  ),
  cacheDir: optional('cache-dir', 'DIR', 'where objects of S3 are kept (without it: vpcflow in the cache of the user)'),
  cacheSize: integer(
    'cache-size',
    4096,
    [16, 100_000_000],
    'MiB of objects of S3 that are kept; one question may need no more',
  ),
  digestAt: optional('digest-at', 'PATH', 'mount the digest API of vpcflow-digesterd here too; / for the root'),
  graphAt: optional('graph-at', 'PATH', 'mount the graph API of vpcflow-grapherd here too; / for the root'),
  jobTimeout: duration('job-timeout', '15m', '1s', '1d', 'after this time a job of /digest or /graph is taken over'),
  check: flag('check', 'read and check the configuration, say what is wrong, and serve nothing'),
  printConfig: flag('print-config', 'print what every option is and where it comes from, and serve nothing'),
  traffic: choice('traffic', ['simulated', 'none'], 'whether to put simulated traffic on the local stream'),
  stream: optional('stream', 'NAME|ARN', 'the Kinesis stream'),
  engine: choice('engine', ['embedded', 'kcl'], 'what leases the shards'),
  application: optional(
    'application',
    'NAME',
    'name under which checkpoints are kept (without it: vpcflow; with the engine kcl vpcflow-digest-<stream>; mirror: vpcflow-mirror, vpcflow-mirror-<stream>)',
  ),
  from: text('from', 'WHEN', 'trim', 'where to start without a checkpoint: trim, latest or a time'),
  rewind: flag('rewind', 'forget the checkpoints: read from the oldest record, and skip what is committed'),
  workerId: identifier('worker-id', 256, 'name of this worker in claims (without it: the host name)'),
  retrieval: choice(
    'retrieval',
    ['polling', 'fanout'],
    'how the Client Library reads: shared polling, or enhanced fan-out',
  ),
  kcl: pairs('kcl', 'further properties of the Client Library: `vpcflow digest --help` lists them'),
  java: text('java', 'FILE', 'java', 'the Java 17 (or newer) program that runs the Client Library'),
  javaHeap: integer('java-heap', 512, [64, 65_536], 'MiB of heap for the Client Library'),
  kclJars: optional('kcl-jars', 'DIR', 'jars of the Client Library (without it: where `npm run kcl` put them)'),
  epochRows: maybeInteger('epoch-rows', [1, 1_000_000], 'close an epoch at fewer distinct rows'),
  epochBytes: maybeInteger('epoch-bytes', [1, 1_073_741_824], 'close an epoch at fewer decompressed bytes'),
  epochHours: maybeInteger('epoch-hours', [1, 1000], 'close an epoch at fewer hour partitions'),
  metricsPort: maybeInteger('metrics-port', [0, 65_535], 'serve /metrics and /healthz on this loopback port'),
  statsd: optional('statsd', 'HOST:PORT', 'send metrics to a StatsD server over UDP, with DogStatsD tags'),
  statsdTags: list('statsd-tags', 'K:V,..', 'tags on every metric that is sent to StatsD'),
  log: choice(
    'log',
    ['auto', 'json', 'text'],
    'log lines on stderr: text on a terminal, JSON elsewhere, or always one',
  ),
  ports: choice('ports', ['service', 'all'], 'service: fold the ephemeral port to 0; all: keep both'),
  servicePorts: integers('service-ports', 1, 65535, 'ports that are services wherever they stand'),
  formats: optional('formats', 'FILE', 'JSON file: log group patterns and their LogFormat'),
  logFormat: optional('format', 'F', 'LogFormat of lines that declare none (without it: the default format)'),
  logGroup: optional('log-group', 'G', 'log group of lines that come without one, to choose among --formats'),
  unknownFields: choice(
    'unknown-fields',
    ['refuse', 'skip'],
    'what to do about a field of a declared format that this version does not know',
  ),
  formatsFile: text('formats', 'FILE', 'formats.json', 'the formats file'),
  sources: optional(
    'sources',
    'FILE',
    'file of further SOURCEs, one a line as it is (no quotes, no comments); - is standard input',
  ),
  accounts: listOf(
    'accounts',
    'ID,..',
    /^\d{12}$/,
    'account ids of twelve digits',
    'only these accounts of the AWS key layouts (without it: all)',
  ),
  regions: listOf(
    'regions',
    'R,..',
    /^[a-z]{2,3}(-[a-z]+)+-\d{1,2}$/,
    'regions such as eu-west-1',
    'only these regions (without it: all; formats discover: that of the SDK)',
  ),
  role: optional('role', 'ARN', 'role to take on for the bucket, the queue and EC2'),
  externalId: optional('external-id', 'ID', 'external id for --role'),
  feed: label(
    'feed',
    128,
    'name of the feed that the sources belong to; sources of one feed are not compared with one another: give each way ' +
      'of delivery its own (without it: backfill)',
  ),
  overlap: choice(
    'overlap',
    ['refuse', 'skip', 'add'],
    'an interface and minute that another feed has evidence of: refuse the object, leave it out, or add it',
  ),
  queue: optional('queue', 'URL', 'SQS queue of S3 events: go on with each object that is delivered'),
  untilEmpty: flag(
    'until-empty',
    'end when no message can be received; exit status 1 where some are left on the queue',
  ),
  reason: optional('reason', 'R', 'only rejects of this reason'),
  rejectsLogGroup: optional('log-group', 'G', 'only rejects of this log group; * is any run of characters'),
  json: flag('json', 'write JSON instead of a table'),
  replayFormat: optional(
    'format',
    'F',
    'LogFormat of lines that no rule of --formats is for (without both: the formats of before)',
  ),
  replayPorts: maybeChoice('ports', ['service', 'all'], 'as for digest (without it: as the source was read)'),
  firehoseHost: text('host', 'HOST', '127.0.0.1', 'address to listen on; other than loopback needs --access-key-file'),
  firehosePort: integer('port', 8081, [0, 65535], 'TCP port to listen on; 0 takes a free one'),
  accessKeyFile: optional('access-key-file', 'FILE', 'access keys, one a line; Firehose must send one of them'),
  drain: maybeDuration(
    'drain',
    '0s',
    '15m',
    'how long requests are taken after SIGTERM, while /readyz is 503 (without it: 10s; query on loopback: 0s)',
  ),
  forward: optional('forward', 'STREAM', 'Firehose stream that gets what is committed, as NDJSON'),
  forwardWhat: choice('forward-what', ['digests', 'rejects', 'both'], 'what --forward sends'),
  forwardSpool: optional('forward-spool', 'DIR', 'where it waits (without it: forward/ in the state of --data)'),
  forwardSpoolSize: integer(
    'forward-spool-size',
    1024,
    [1, 1_000_000],
    'MiB that may wait; what comes then is dropped',
  ),
  mirrorConfig: optional('config', 'FILE', 'rules of mirroring, YAML: of one region, or with regions'),
  mirrorMode: maybeChoice(
    'mode',
    MIRROR_MODES,
    'plan: change nothing in EC2, keep sessions as if they had been made; apply: make them (without it: mode of the file)',
  ),
  enable: listOf(
    'enable',
    'CAUSE,..',
    /^(?:existing|launches|findings)$/,
    'existing, launches and findings',
    'what is mirrored: existing, launches, findings (without it: enable of the file)',
  ),
  grace: duration('grace', '15m', '1m', '7d', 'how long a target that we made is kept without a session'),
  finding: optional('finding', 'ID', 'only sessions of this finding'),
  interface: id('interface', 'ENI', ASKED_IDS.interface, 'only sessions of this interface'),
  instance: id('instance', 'ID', ASKED_IDS.instance, 'only sessions of this instance'),
  all: flag('all', 'every session that we made, and nothing else'),
  sessionState: choice('state', ['all', 'active', 'ended'], 'sessions that go on, that are over, or all'),
  mirrorFormat: choice('format', ['table', 'csv', 'ndjson', 'json'], 'how it is written'),
  dryRun: flag('dry-run', 'read and count, write nothing'),
  asNew: flag('as-new', 'take a known name with new content as other data'),
  start: optional('start', 'T', 'first minute: RFC 3339, or now, now-15m, now-1d'),
  stop: optional('stop', 'T', 'end, exclusive: RFC 3339, or now, now-15m, now-1d'),
  lateness: duration('lateness', '20m', '0s', '7d', 'how long after its end a window can still change'),
  columns: list('group', 'D,D..', 'columns to group by (without it: all)'),
  top: maybeInteger('top', [1, 100_000], 'keep the N with most bytes (without it: all)'),
  filter: optional('filter', 'E', 'keep only flows such as: srcaddr in 10.0.0.0/8 and dstport = 443'),
  rowsFormat: choice('format', ROW_FORMATS, 'how rows are written'),
  grouping: grouping('group', 'what a node of the graph is'),
  internet: choice('internet', INTERNETS, 'addresses outside --own-networks: each for itself, or one node'),
  ownNetworks: networks('own-networks', 'networks that are not the internet'),
  graphFormat: choice('format', GRAPH_FORMATS, 'how the graph is written'),
  against: choice(
    'against',
    AGAINST,
    'what the window is compared with: the one just before, or the same a day or a week earlier',
  ),
  againstStart: optional('against-start', 'T', 'first minute of the window to compare with'),
  againstStop: optional('against-stop', 'T', 'its end, exclusive (without it: as long as the window)'),
  incomplete: flag('incomplete', 'compare all minutes, those too that are not complete'),
  diffFormat: choice('format', DIFF_FORMATS, 'how the difference is written'),
  seriesFormat: choice('format', TEXT_FORMATS, 'how the series is written'),
  step: maybeDuration('step', '1m', '365d', 'length of a step, in whole minutes (without it: by the window)'),
  overlapping: flag('overlapping', 'take flows by the time that they span, not by the minute that they start in'),
  count: choice('count', COUNTINGS, 'merge the two witnesses of a flow, or add them'),
  coverageFormat: choice('format', TEXT_FORMATS, 'how coverage is written'),
  auditFormat: choice('format', ['table', 'json'], 'how the audit is written'),
  doctorFormat: choice('format', ['table', 'json'], 'how the findings are written'),
  doctorLogGroup: optional('log-group', 'G', 'log group whose subscription is looked at; * is any run of characters'),
  rate: integer('rate', 300, [1, 1_000_000], 'simulated flow-log lines a second'),
  seed: integer('seed', 1, [0, 4_294_967_295], 'the same seed gives the same traffic'),
  duration: duration('duration', '15m', '1s', '365d', 'how much time the simulated traffic covers'),
  simulateFormat: choice(
    'format',
    ['v2', 'envelopes', 'events'],
    'of a file: version 2 text, or gzip CloudWatch envelopes; events, on a stream too: the findings of the story, a line each',
  ),
  to: choice('to', ['file', 'stream'], 'where simulated traffic goes'),
  out: optional('out', 'FILE', 'file of simulated traffic (without it: standard output)'),
} as const;

export type OptionKey = keyof typeof OPTIONS;

/** What --drain is where it is not given: a balancer has asked /readyz by then. */
export const DRAIN_MS = 10_000;

/** Every option by key: durations in milliseconds, lists ascending, null where absence has a meaning. */
export type Options = { readonly [K in OptionKey]: (typeof OPTIONS)[K] extends Option<infer T> ? T : never };

/** Options that mean something only beside another one (with that value, or any), or after that operand (`list|replay`: or one of those). */
export type OnlyWith = { readonly options: readonly OptionKey[] } & (
  | { readonly option: OptionKey; readonly value?: string }
  | { readonly operand: string }
);

/** Whether a command's first operand is one of those that `only` names. */
export const isOperand = ({ operand }: { readonly operand: string }, given: string | undefined): boolean =>
  operand.split('|').some((one) => one === given);

/** `--queue`, `--engine kcl`, `formats discover`. */
export const companionName = (command: string, only: OnlyWith): string => {
  if ('operand' in only) return `${command} ${only.operand}`;
  return `--${OPTIONS[only.option].name}${only.value === undefined ? '' : ` ${only.value}`}`;
};

/** `VPCFLOW_SERVICE_PORTS` of `service-ports`. */
export const environmentName = (name: string): string => `VPCFLOW_${name.toUpperCase().replaceAll('-', '_')}`;

/** The value of an option that the command requires: the dispatcher has seen to it that it is there. */
export const required = (value: string | null, name: string): string => {
  if (value === null) throw new VpcflowError('VF_USAGE', `--${name} is missing`);
  return value;
};
