// The columns of the audit of mirroring: one row for each decision, each call about to be made, and each answer.

/** In table order. `timestamp` is Unix ms, UTC. NULL where a row has nothing to say. */
export const MIRRORING_COLUMNS = {
  time: 'timestamp',
  minute: 'timestamp', // of `time`: joins with the digests
  plan: 'string', // the id of the plan: its two objects begin with it
  seq: 'integer', // within the plan, ascending over both objects
  phase: 'string', // decided, calling: in the object written before a plan is carried out; answered: in the one after
  mode: 'string', // plan, apply
  account_id: 'string',
  region: 'string',
  vpc_id: 'string',
  subnet_id: 'string',
  instance_id: 'string',
  interface_id: 'string',
  request: 'string', // key of what asked
  cause: 'string',
  event_id: 'string',
  event_time: 'timestamp',
  finding_id: 'string',
  finding_type: 'string',
  finding_severity: 'double',
  finding_updated: 'timestamp',
  remote_addresses: 'string', // separated by spaces
  rule: 'string',
  outcome: 'string', // of a decision
  reason: 'string', // of a decision; of an ignored event its own
  detail: 'string', // a sentence
  action: 'string', // of a call: its kind
  ok: 'boolean', // of an answer
  error_code: 'string', // EC2's own
  error_message: 'string',
  session_id: 'string',
  session_number: 'integer',
  target_id: 'string',
  filter_id: 'string',
  virtual_network_id: 'integer',
  packet_length: 'integer',
  expires: 'timestamp',
  token: 'string',
  neighbour_bytes: 'bigint', // of a neighbour: what it exchanged with the remote address
  neighbour_window: 'string',
  neighbour_complete: 'boolean',
  /** JSON of the request, in the decisions that wait or that a call follows: what the reconciler asks again. */
  request_json: 'string',
} as const;

export type MirroringColumn = keyof typeof MIRRORING_COLUMNS;
type ColumnValue<T> = T extends 'string'
  ? string
  : T extends 'boolean'
    ? boolean
    : T extends 'bigint'
      ? bigint
      : number;
export type MirroringRow = {
  readonly [C in MirroringColumn]: ColumnValue<(typeof MIRRORING_COLUMNS)[C]> | null;
};

/** One session through its life, as the audit tells it: which packets there are, and where. Times are Unix ms. */
export interface SessionHistory {
  readonly account_id: string | null;
  readonly region: string | null;
  readonly session_id: string;
  readonly mode: string;
  readonly cause: string | null;
  readonly finding_id: string | null;
  readonly finding_type: string | null;
  readonly rule: string | null;
  readonly instance_id: string | null;
  readonly interface_id: string;
  readonly session_number: number | null;
  readonly target_id: string | null;
  readonly filter_id: string | null;
  readonly virtual_network_id: number | null;
  readonly packet_length: number | null;
  readonly started: number;
  readonly expires: number | null;
  /** Null: it is not over, as far as the audit knows. */
  readonly ended: number | null;
  /** Why it ended: a reason of schemas/mirroring/plan.ts. */
  readonly ended_by: string | null;
  readonly neighbour: boolean;
  /** The sentence of the decision that made it. */
  readonly why: string | null;
}
