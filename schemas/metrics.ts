// What workers and the query server measure of themselves: every metric with its name, kind, labels and meaning.

interface Definition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly LabelName[];
}

export const LABEL_NAMES = [
  ...(['shard', 'reason', 'log_group', 'status', 'route', 'method', 'lane'] as const),
  ...(['region', 'owner', 'outcome', 'action', 'code'] as const),
] as const;
export type LabelName = (typeof LABEL_NAMES)[number];

const metric = <K extends Definition['kind'], L extends LabelName>(
  kind: K,
  name: string,
  labels: readonly L[],
  help: string,
): { readonly kind: K; readonly name: string; readonly labels: readonly L[]; readonly help: string } => ({
  ...{ kind, name: `vpcflow_${name}`, labels, help },
});

/** Of the commands that read a stream, files or deliveries. */
export const WORKER_METRICS = {
  millisBehindLatest: metric(
    'gauge',
    'millis_behind_latest',
    ['shard'],
    'Milliseconds that the last batch was behind the tip.',
  ),
  watermark: metric(
    'gauge',
    'watermark_seconds',
    ['shard'],
    'Arrival time up to which everything is committed, Unix seconds.',
  ),
  records: metric('counter', 'records_total', ['shard'], 'Stream records that were delivered, redeliveries included.'),
  bytes: metric('counter', 'record_bytes_total', ['shard'], 'Their bytes, as they came (compressed).'),
  epochs: metric('counter', 'epochs_total', ['shard'], 'Epochs that this worker committed or found committed.'),
  lines: metric('counter', 'lines_total', ['shard'], 'Lines of committed epochs.'),
  flows: metric('counter', 'flows_total', ['shard'], 'Flows of committed epochs.'),
  rows: metric('counter', 'digest_rows_total', ['shard'], 'Digest rows of committed epochs.'),
  stored: metric('counter', 'stored_bytes_total', ['shard'], 'Bytes of the objects of committed epochs.'),
  rejects: metric(
    'counter',
    'rejects_total',
    ['shard', 'reason'],
    'Rejects of committed epochs, by reason; of every reason from the start.',
  ),
  duplicates: metric('counter', 'duplicates_total', ['shard'], 'Redelivered envelopes that were not merged again.'),
  overlaps: metric(
    'counter',
    'overlaps_total',
    ['shard'],
    'Envelopes whose event ids overlap those of an earlier one.',
  ),
  claimsAdopted: metric(
    'counter',
    'claims_adopted_total',
    ['shard'],
    'Epochs finished that another worker had claimed.',
  ),
  claimsLost: metric('counter', 'claims_lost_total', ['shard'], 'Epochs that another worker claimed first.'),
  decoderErrors: metric(
    'counter',
    'decoder_errors_total',
    ['shard'],
    'Rejects for which the decoder itself is to blame; ours to fix.',
  ),
  flushSeconds: metric('histogram', 'flush_seconds', [], 'Seconds from the close of an epoch to its durable commit.'),
  checkpoints: metric('counter', 'checkpoints_total', ['shard'], 'Checkpoints that were stored.'),
  checkpointRetries: metric(
    'counter',
    'checkpoint_retries_total',
    ['shard'],
    'Checkpoints tried again after a throttle.',
  ),
  checkpointFailures: metric(
    'counter',
    'checkpoint_failures_total',
    ['shard'],
    'Checkpoints not stored; nothing is lost.',
  ),
  drift: metric(
    'counter',
    'format_drift_lines_total',
    ['log_group'],
    'Lines that do not match the format of their log group, while most of its lines do not.',
  ),
  forwarded: metric('counter', 'forwarded_total', [], 'Rows and rejects that Firehose took (--forward).'),
  forwardRetries: metric(
    'counter',
    'forward_retries_total',
    [],
    'Records that Firehose refused and that were sent again.',
  ),
  forwardDropped: metric(
    'counter',
    'forward_dropped_total',
    [],
    'Rows and rejects that were not forwarded: the spool was full or could not be written.',
  ),
  forwardSpool: metric('gauge', 'forward_spool_bytes', [], 'Bytes that wait in the spool of --forward.'),
  deliveries: metric(
    'counter',
    'firehose_requests_total',
    ['status'],
    'Requests of Firehose, by HTTP status of the answer; left: the client left before it had sent all.',
  ),
  delivered: metric('counter', 'firehose_records_total', [], 'Records of Firehose that the stream took.'),
  deliveredBytes: metric('counter', 'firehose_record_bytes_total', [], 'Their bytes.'),
  deliverySeconds: metric(
    'histogram',
    'firehose_request_seconds',
    [],
    'Seconds from the head of a request to its answer.',
  ),
  messages: metric(
    'counter',
    'queue_messages_total',
    ['status'],
    'Messages of --queue: done, left (for the queue to deliver again or set aside).',
  ),
  mirrorEvents: metric(
    'counter',
    'mirror_events_total',
    ['reason'],
    'Events of the mirror consumer: finding, state, or why it was ignored; redelivered ones included.',
  ),
  mirrorDecisions: metric(
    'counter',
    'mirror_decisions_total',
    ['outcome', 'reason'],
    'Decisions about mirroring that went to the audit; one that stays the same is one decision.',
  ),
  mirrorCalls: metric(
    'counter',
    'mirror_calls_total',
    ['action', 'code'],
    "Calls that change something in EC2, by kind and EC2's code of the answer: OK, one of its errors, other.",
  ),
  mirrorReadFailures: metric(
    'counter',
    'mirror_read_failures_total',
    ['region'],
    'Times that a region could not be read, after the retries: what was asked of it waits.',
  ),
  mirrorTurns: metric(
    'counter',
    'mirror_turns_total',
    ['status'],
    'Turns of the mirror consumer (a batch of events, a look at everything each minute, a command): done, stopped, failed.',
  ),
  mirrorSeconds: metric(
    'histogram',
    'mirror_turn_seconds',
    [],
    'Seconds that they took, waiting for each other included.',
  ),
  mirrorAudit: metric(
    'counter',
    'mirror_audit_objects_total',
    [],
    'Objects of the audit of mirroring that were written.',
  ),
  mirrorSessions: metric(
    'gauge',
    'mirror_sessions',
    ['region', 'owner'],
    'Traffic Mirroring sessions of the region when it was last read: ours, foreign.',
  ),
  mirrorWaiting: metric('gauge', 'mirror_waiting', [], 'Requests that wait, and are asked again each minute.'),
  mirrorWaitingSeconds: metric(
    'gauge',
    'mirror_waiting_seconds',
    [],
    'Seconds since the event of the one that has waited longest; 0: none waits.',
  ),
  children: metric('gauge', 'children', [], 'Child processes of the Kinesis Client Library that run now.'),
  engineUp: metric(
    'gauge',
    'engine_up',
    [],
    '1 once the engine works on leases, if only to find that it has none; 0 before: /healthz is 503, starting.',
  ),
} as const satisfies Record<string, Definition>;

/** Of the query server. */
export const QUERY_METRICS = {
  httpRequests: metric('counter', 'http_requests_total', ['route', 'method', 'status'], 'Requests that were answered.'),
  httpSeconds: metric(
    'histogram',
    'http_request_duration_seconds',
    ['route', 'status'],
    'Seconds from a request to the last byte of its answer, by route and class of the status (2xx).',
  ),
  httpInFlight: metric('gauge', 'http_requests_in_flight', [], 'Requests held at this moment.'),
  httpRefused: metric(
    'counter',
    'http_refused_total',
    ['reason'],
    'Requests refused before they were looked at: host, malformed, unauthorized, forbidden, rate, busy.',
  ),
  queriesCancelled: metric(
    'counter',
    'queries_cancelled_total',
    ['reason'],
    'Queries ended before their answer was whole: client, timeout, shutdown.',
  ),
  queriesRunning: metric('gauge', 'queries_running', ['lane'], 'Steps of queries that the engine runs: small, large.'),
  queriesQueued: metric('gauge', 'queries_queued', ['lane'], 'Steps of queries that wait for the engine.'),
  spill: metric('gauge', 'query_spill_bytes', [], 'Bytes that the engine has spilled to disk.'),
  queryObjects: metric(
    'counter',
    'query_objects_total',
    ['status'],
    'Objects of the windows that were asked for: read, pruned (by their statistics), damaged (left out, with a warning).',
  ),
  queryRows: metric('counter', 'query_rows_scanned_total', [], 'Rows of the objects that queries read.'),
  queryBytes: metric('counter', 'query_bytes_read_total', [], 'Bytes of the objects that queries read.'),
  cacheObjects: metric(
    'counter',
    'query_cache_objects_total',
    ['status'],
    'Objects of S3: hit (in the cache), miss (fetched), evicted (removed for space), damaged (fetched again).',
  ),
  cacheFetched: metric('counter', 'query_cache_fetched_bytes_total', [], 'Bytes that were fetched into the cache.'),
  windowJobs: metric(
    'counter',
    'window_jobs_total',
    ['route', 'status'],
    'Jobs of digest and graph that ended: stored, failed, lost (taken over), left (the server stopped).',
  ),
  windowJobsHeld: metric('gauge', 'window_jobs', [], 'Jobs of /digest and /graph that run or wait at this moment.'),
} as const satisfies Record<string, Definition>;

/** In the order of the README's table. */
export const METRICS = { ...WORKER_METRICS, ...QUERY_METRICS } as const;

export type MetricKey = keyof typeof METRICS;
type OfKind<K extends Definition['kind']> = {
  [M in MetricKey]: (typeof METRICS)[M]['kind'] extends K ? M : never;
}[MetricKey];
export type CounterKey = OfKind<'counter'>;
export type GaugeKey = OfKind<'gauge'>;
export type HistogramKey = OfKind<'histogram'>;

/** Exactly the labels that the metric has. */
export type LabelsOf<M extends MetricKey> = Readonly<Record<(typeof METRICS)[M]['labels'][number], string>>;

/** One change of one metric, as it crosses from a child to its parent. */
export interface MetricUpdate {
  readonly metric: MetricKey;
  readonly value: number;
  readonly labels: Readonly<Partial<Record<LabelName, string>>>;
}

/** Where a worker's measurements go. Never throws, never waits. */
export interface Meter {
  count<M extends CounterKey>(metric: M, by: number, labels: LabelsOf<M>): void;
  set<M extends GaugeKey>(metric: M, value: number, labels: LabelsOf<M>): void;
  observe<M extends HistogramKey>(metric: M, value: number, labels: LabelsOf<M>): void;
  /** The shard is no longer ours: its gauges would tell of a past that somebody else now writes. */
  forget(shard: string): void;
}
