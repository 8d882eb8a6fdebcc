// Turns the lives of sessions, and decisions that led to none, into the answer: which packets there are, of what, when.
import type { SessionHistory } from '../../schemas/mirroring/audit-row.ts';
import type { QueryColumn, QueryValue } from '../../schemas/query.ts';
import { Carriers } from './carriers.ts';
import type { Unmirrored } from './unmirrored.ts';

export const SESSION_STATES = ['all', 'active', 'ended'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

export interface MirroringQuestion {
  /** Sessions that overlap it, decisions in it; null: whenever. Unix ms, the end exclusive. */
  readonly window: { readonly start: number; readonly stop: number } | null;
  readonly finding: string | null;
  readonly interface: string | null;
  readonly instance: string | null;
  readonly state: SessionState;
}

/** What is known of the audit. */
export interface MirroringHistory {
  readonly sessions: readonly SessionHistory[];
  readonly unmirrored: readonly Unmirrored[];
  /** A sentence for each object that could not be read. */
  readonly warnings: readonly string[];
  /** When the store was read, Unix ms. */
  readonly asOf: number;
  /** Of the last row, Unix ms; null: there is none. */
  readonly watermark: number | null;
}

/** In the order of a table; `from` to `to` is what there are packets of, or when it was decided that there are none. */
export const SESSION_COLUMNS: readonly QueryColumn[] = [
  { name: 'state', type: 'string' }, // active, ended; refused, waiting, ignored: no session
  { name: 'from', type: 'timestamp' },
  { name: 'to', type: 'timestamp' }, // NULL: it goes on
  { name: 'interface_id', type: 'string' },
  { name: 'instance_id', type: 'string' },
  { name: 'session_id', type: 'string' },
  { name: 'target_id', type: 'string' },
  { name: 'virtual_network_id', type: 'integer' },
  { name: 'session_number', type: 'integer' },
  { name: 'filter_id', type: 'string' },
  { name: 'packet_length', type: 'integer' }, // NULL: whole packets
  { name: 'mode', type: 'string' },
  { name: 'cause', type: 'string' },
  { name: 'finding_id', type: 'string' },
  { name: 'finding_type', type: 'string' },
  { name: 'rule', type: 'string' },
  { name: 'neighbour', type: 'boolean' },
  { name: 'expires', type: 'timestamp' },
  { name: 'ended_by', type: 'string' },
  { name: 'why', type: 'string' },
  { name: 'carried_by', type: 'string' }, // ids of sessions that get its packets first, separated by spaces
  { name: 'account_id', type: 'string' },
  { name: 'region', type: 'string' },
];

export type SessionEntry = Readonly<Record<string, QueryValue>>;

export interface MirroringAnswer {
  /** With the members of SESSION_COLUMNS, by their beginning. */
  readonly sessions: readonly SessionEntry[];
  /**
   * Of a question about a finding: sessions of others on its interfaces, which may have got its packets instead; with the
   * same members.
   */
  readonly carriers: readonly SessionEntry[];
  /** Decisions that led to no session, with the same members. */
  readonly without: readonly SessionEntry[];
  readonly warnings: readonly string[];
  /** Everything in the audit could be read. */
  readonly complete: boolean;
  readonly watermark: number | null; // Unix ms
}

/** Decisions without a session are told for `state: all`: those on findings, and on others where their place is asked for. */
export function mirroringAnswer(history: MirroringHistory, question: MirroringQuestion): MirroringAnswer {
  const { window, finding, interface: interfaceId, instance, state } = question;
  const { warnings, watermark } = history;
  const isIn = (one: SessionHistory): boolean =>
    (state === 'all' || state === stateOf(one)) &&
    (window === null || (one.started < window.stop && (one.ended === null || one.ended > window.start)));
  const sessions = history.sessions.filter(
    (one) =>
      isIn(one) &&
      (finding === null || one.finding_id === finding) &&
      (interfaceId === null || one.interface_id === interfaceId) &&
      (instance === null || one.instance_id === instance),
  );
  const mirrored = new Set(history.sessions.map(({ finding_id }) => finding_id));
  const without = history.unmirrored.filter(
    ({ time, row, state: decided }) =>
      state === 'all' &&
      (window === null || (time >= window.start && time < window.stop)) &&
      (finding === null || row.finding_id === finding) &&
      (interfaceId === null || row.interface_id === interfaceId) &&
      (instance === null || row.instance_id === instance) &&
      !(row.reason === 'archived' && mirrored.has(row.finding_id)) &&
      (decided === 'ignored' || row.cause === 'finding' || interfaceId !== null || instance !== null),
  );
  const carriers = new Carriers(history.sessions);
  const carried = [
    ...sessions.map((one) => ({ entry: sessionEntry(one), by: carriers.ofSession(one) })),
    ...without.map((one) => ({ entry: withoutEntry(one), by: carriers.ofDecision(one) })),
  ];
  const entries = carried.map(({ entry, by }) => ({
    ...entry,
    carried_by: by.length === 0 ? null : by.map(({ session_id }) => session_id).join(' '),
  }));
  const others = finding === null ? [] : carried.flatMap(({ by }) => by).filter(isIn);
  return {
    sessions: entries.slice(0, sessions.length),
    carriers: [...new Set(others)].filter((one) => one.finding_id !== finding).map(sessionEntry),
    without: entries.slice(sessions.length),
    ...{ warnings, complete: warnings.length === 0, watermark },
  };
}

const stateOf = ({ ended }: SessionHistory): 'active' | 'ended' => (ended === null ? 'active' : 'ended');

const sessionEntry = (session: SessionHistory): SessionEntry => ({
  ...{ ...session, state: stateOf(session), from: session.started, to: session.ended },
});

const withoutEntry = ({ time, state, row, why }: Unmirrored): SessionEntry => ({
  ...{ ...row, state, from: time, to: null, neighbour: row.neighbour_window !== null, ended_by: null, why },
});

/** The values of an entry in the order of SESSION_COLUMNS. */
export const entryRow = (entry: SessionEntry): readonly QueryValue[] =>
  SESSION_COLUMNS.map(({ name }) => entry[name] ?? null);
