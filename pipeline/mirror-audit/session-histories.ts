// Turns audit rows, in any order and however often, into the life of each session that we made.
import type { MirroringColumn, MirroringRow, SessionHistory } from '../../schemas/mirroring/audit-row.ts';
import { purposeOf, purposeOn } from '../mirror-plan/purpose.ts';
import { compareRows, placeOf, type RowPlace } from './row-order.ts';

/** A row with its place. */
interface Placed {
  readonly place: RowPlace;
  readonly row: MirroringRow;
}

/**
 * What is kept of a session is the same for every order of its rows:
 *
 *   made     the first answer to its creation; without one (the process died before it was written) the call that
 *            announced it, once a later plan has met the session
 *   expires  as the last row says that saw it, made it or tagged it
 *   ended    the first deletion, or finding that it is gone, after which nothing saw it alive
 */
interface Life {
  readonly id: string;
  made: Placed | null;
  /** The first row that met it, where it was not made by a call that was answered. */
  met: Placed | null;
  alive: Placed | null;
  expiring: Placed | null;
  readonly ends: Map<string, Placed>;
}

const DESCRIBED = [
  ...([
    'account_id',
    'region',
    'cause',
    'finding_id',
    'finding_type',
    'rule',
    'instance_id',
    'session_number',
  ] as const),
  ...(['target_id', 'filter_id', 'virtual_network_id', 'packet_length'] as const),
] satisfies readonly MirroringColumn[];

export class SessionHistories {
  readonly #lives = new Map<string, Life>(); // by mode and id
  /** Calls that announced a session, by what it was to be for. */
  readonly #announced = new Map<string, Map<string, Placed>>();

  add(row: MirroringRow): void {
    const place = placeOf(row);
    if (place === null) return;
    const placed = { place, row };
    if (row.phase === 'calling' && row.action === 'create-session') this.#announce(placed);
    if (row.session_id === null || row.mode === null) return;
    const met = MEETINGS.find((meeting) => meeting.when(row));
    if (met !== undefined) met.change(this.#life(row.mode, row.session_id), placed);
  }

  /** The life of the session as far as it is known; null for one that we did not make. */
  get(mode: string, id: string): SessionHistory | null {
    const life = this.#lives.get(`${mode} ${id}`);
    return life === undefined ? null : this.#told(life);
  }

  /** Of all sessions, by when they started, then by id. */
  all(): readonly SessionHistory[] {
    const told = [...this.#lives.values()].map((life) => this.#told(life)).filter((one) => one !== null);
    return told.sort((a, b) => a.started - b.started || (a.session_id < b.session_id ? -1 : 1));
  }

  /** Rows that, in the place of all that were added, give the same lives, whatever else is added; some more than once. */
  kept(): readonly MirroringRow[] {
    const placed: (Placed | null)[] = [];
    for (const { made, met, alive, expiring, ends } of this.#lives.values()) {
      placed.push(made, met, alive, expiring, ...ends.values());
      if (met !== null) placed.push(this.#announcementOf(met));
    }
    for (const calls of this.#announced.values())
      placed.push([...calls.values()].reduce<Placed | null>((a, b) => later(a, b), null));
    return placed.filter((one) => one !== null).map(({ row }) => row);
  }

  /** Lives of which the last row, and calls that, are before that time, Unix ms. */
  forget(before: number): void {
    for (const [key, { made, met, alive, expiring, ends }] of this.#lives) {
      const rows = [made, met, alive, expiring, ...ends.values()];
      if (rows.every((one) => one === null || one.place.time < before)) this.#lives.delete(key);
    }
    for (const [key, calls] of this.#announced) {
      for (const [call, { place }] of calls) if (place.time < before) calls.delete(call);
      if (calls.size === 0) this.#announced.delete(key);
    }
  }

  #announce(placed: Placed): void {
    const key = announcedFor(placed.row);
    const calls = this.#announced.get(key) ?? new Map<string, Placed>();
    this.#announced.set(key, calls.set(identityOf(placed), placed));
  }

  #life(mode: string, id: string): Life {
    const key = `${mode} ${id}`;
    const known = this.#lives.get(key);
    if (known !== undefined) return known;
    const life: Life = { id, made: null, met: null, alive: null, expiring: null, ends: new Map() };
    this.#lives.set(key, life);
    return life;
  }

  #told({ id, made, met, alive, expiring, ends }: Life): SessionHistory | null {
    const first = made ?? met;
    if (first === null) return null;
    const announced = made === null ? this.#announcementOf(first) : null;
    const rows = [announced, made, met].filter((one) => one !== null).map(({ row }) => row);
    const told = <C extends MirroringColumn>(column: C): MirroringRow[C] | null =>
      rows.find((row) => row[column] !== null)?.[column] ?? null;
    const interfaceId = told('interface_id');
    if (interfaceId === null) return null;
    const end = [...ends.values()]
      .filter((one) => alive === null || compareRows(one.place, alive.place) > 0)
      .reduce<Placed | null>((a, b) => earlier(a, b), null);
    const described = Object.fromEntries(DESCRIBED.map((column) => [column, told(column)])) as Pick<
      SessionHistory,
      (typeof DESCRIBED)[number]
    >; // the same columns, of the same types
    return {
      ...described,
      session_id: id,
      mode: first.row.mode ?? '',
      interface_id: interfaceId,
      started: (announced ?? first).place.time,
      expires: (expiring ?? announced)?.row.expires ?? null,
      ended: end?.place.time ?? null,
      ended_by: end === null ? null : end.row.reason,
      neighbour: rows.some((row) => row.neighbour_window !== null),
      why: rows.find((row) => row.action === 'create-session')?.detail ?? null,
    };
  }

  /** The last call for the same purpose before the session was met. */
  #announcementOf(met: Placed): Placed | null {
    const calls = [...(this.#announced.get(announcedFor(met.row))?.values() ?? [])];
    return calls
      .filter((call) => compareRows(call.place, met.place) < 0)
      .reduce<Placed | null>((a, b) => later(a, b), null);
  }
}

/** What a row says of the session that it names; the first that fits. */
const MEETINGS: readonly {
  readonly when: (row: MirroringRow) => boolean;
  readonly change: (life: Life, placed: Placed) => void;
}[] = [
  {
    when: ({ phase, action, ok }) => phase === 'answered' && action === 'create-session' && ok === true,
    change: (life, placed) => {
      life.made = earlier(life.made, placed);
      life.expiring = later(life.expiring, placed);
      // A creation that is repeated proves nothing: EC2 answers it from the token also when the session is over.
    },
  },
  {
    when: ({ phase, action, ok }) => phase === 'answered' && action === 'delete-session' && ok === true,
    change: (life, placed) => void life.ends.set(identityOf(placed), placed),
  },
  {
    when: ({ phase, outcome, reason }) => phase === 'decided' && outcome === 'report' && reason === 'gone',
    change: (life, placed) => {
      life.met = earlier(life.met, placed);
      life.ends.set(identityOf(placed), placed);
    },
  },
  {
    when: ({ phase, action, ok }) => phase === 'answered' && action === 'set-tags' && ok === true,
    change: (life, placed) => {
      life.alive = later(life.alive, placed);
      if (placed.row.expires !== null) life.expiring = later(life.expiring, placed);
    },
  },
  {
    when: ({ phase, outcome }) => phase === 'decided' && ['keep', 'extend', 'release'].includes(outcome ?? ''),
    change: (life, placed) => {
      life.met = earlier(life.met, placed);
      life.alive = later(life.alive, placed);
      if (placed.row.outcome === 'keep' && placed.row.expires !== null) life.expiring = later(life.expiring, placed);
    },
  },
];

const identityOf = ({ place }: Placed): string => `${place.plan} ${place.seq}`;

const announcedFor = ({ mode, interface_id, finding_id }: MirroringRow): string =>
  `${mode} ${purposeOn(interface_id ?? '', purposeOf(finding_id))}`;

const earlier = (a: Placed | null, b: Placed): Placed => (a === null || compareRows(b.place, a.place) < 0 ? b : a);
const later = (a: Placed | null, b: Placed): Placed => (a === null || compareRows(b.place, a.place) > 0 ? b : a);
