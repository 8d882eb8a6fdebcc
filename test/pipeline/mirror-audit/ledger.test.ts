// The audit's rows become what a plan must know of the past, whatever order they come in, and however often.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEFT_AFTER, Ledger } from '../../../pipeline/mirror-audit/ledger.ts';
import { TAG } from '../../../schemas/mirroring/account.ts';
import type { MirroringRow } from '../../../schemas/mirroring/audit-row.ts';
import * as make from './plans.ts';
import { asks, decision, done, finding, MINUTE, rowsOf, session, T0, type Turn } from './plans.ts';
import { create, f1, refuse, release, until, wait } from './turns.ts';

const SCOPE = { mode: 'apply', account: make.ACCOUNT, region: make.REGION } as const;
const ledgerOf = (...turns: readonly Turn[]): Ledger => {
  const ledger = new Ledger(SCOPE);
  ledger.add(turns.flatMap(rowsOf));
  return ledger;
};

describe('a finding is decided on', () => {
  test('when its calls were taken, not while a process may have died between them', () => {
    expect(ledgerOf(create(0, null)).decided('f1')).toBeNull();
    expect(ledgerOf(create(0, [make.denied])).decided('f1')).toBeNull();
    expect(ledgerOf(create(0, [make.created('tms-1')])).decided('f1')).toEqual({ updatedAt: T0, archived: false });
    expect(ledgerOf(create(0, [make.denied]), refuse(1)).decided('f1')).toEqual({ updatedAt: T0, archived: false });
    expect(ledgerOf(refuse(0)).decided('f2')).toBeNull();
  });

  test('in its last state, also where an older one is decided on later', () => {
    const later = asks(finding('f1', T0 + 5));
    const gone = {
      ...refuse(2),
      requests: [later],
      decisions: [decision(later, { outcome: 'keep', reason: 'archived' })],
    };
    const ledger = ledgerOf(refuse(0), gone as Turn, refuse(3));
    expect(ledger.decided('f1')).toEqual({ updatedAt: T0 + 5, archived: true });
  });

  test('the last state that a plan was about may not be decided on yet: it is what counts for earlier ones', () => {
    const over = asks(finding('f1', T0, { archived: true }));
    const archived: Turn = {
      ...{ minute: 0, requests: [over], decisions: [decision(over, { outcome: 'release', reason: 'archived' })] },
    };
    const again = create(1, null, asks(finding('f1', T0 + 5)));
    expect(ledgerOf(archived).latest('f1')).toEqual({ updatedAt: T0, archived: true });
    expect(ledgerOf(archived, again).latest('f1')).toEqual({ updatedAt: T0 + 5, archived: false });
    const denied = wait(0, { reason: 'denied' }, over); // EC2 does not let its session go
    expect(ledgerOf(denied).latest('f1')).toEqual({ updatedAt: T0, archived: true });
    expect(ledgerOf(denied).latest('f2')).toBeNull();
  });

  test('on an interface: not by a state that waits for a session there, nor by one that is about another', () => {
    const made = create(0, [make.created('tms-1')]);
    const later = asks(finding('f1', T0 + 5));
    const on = (id: string | null, ...turns: readonly Turn[]) => ledgerOf(...turns).decidedOn('f1', id)?.updatedAt;
    expect(on('eni-1', made, wait(1, {}, later))).toBe(T0);
    expect(on('eni-1', made, wait(1, { interface: null }, later))).toBe(T0);
    expect(on('eni-2', made, wait(1, {}, later))).toBeUndefined();
    expect(on('eni-1', made, wait(1, { session: 'tms-1' }, later))).toBe(T0 + 5); // it was there, and is to be extended
    expect(on('eni-1', made, refuse(1, 'no_rule', later))).toBe(T0 + 5);
    expect(on(null, made, create(1, null, later))).toBe(T0);
  });

  test('in the later state, of two that workers decided on in one millisecond', () => {
    const later = asks(finding('f1', T0 + 5));
    const keep = (id: string, request: typeof later, expires: number): Turn => ({
      ...{ minute: 1, requests: [request], more: { id } },
      decisions: [decision(request, { outcome: 'keep', reason: 'already', session: 'tms-1', expires })],
    });
    const turns = [keep('a', later, until + 5), keep('b', f1, until)];
    expect(ledgerOf(create(0, [make.created('tms-1')]), ...turns).session('tms-1')?.expires).toBe(until + 5);
  });

  test('not by what was only planned, or is of another account or region', () => {
    for (const more of [{ mode: 'plan' }, { account: '210987654321' }, { region: 'us-east-1' }] as const) {
      const other = { ...f1, account: 'account' in more ? more.account : f1.account };
      const request = { ...other, region: 'region' in more ? more.region : f1.region };
      expect(ledgerOf({ ...refuse(0), requests: [request], more }).decided('f1'), JSON.stringify(more)).toBeNull();
    }
  });
});

describe('a request waits', () => {
  const waiting = (minute: number, ...turns: readonly Turn[]) => ledgerOf(...turns).waiting(T0 + minute * MINUTE);

  test('until a later plan decides otherwise, it expires, or its finding is updated', () => {
    expect(waiting(1, wait(0))).toEqual([f1]);
    expect(waiting(2, wait(0), wait(1))).toEqual([f1]);
    expect(waiting(2, wait(0), refuse(1))).toEqual([]);
    expect(waiting(2, refuse(0), wait(1))).toEqual([f1]);
    expect(waiting(60, wait(0))).toEqual([]);
    expect(waiting(9_999_999, wait(0, { expires: null }))).toEqual([f1]);
    expect(waiting(2, wait(0), refuse(1, 'no_rule', asks(finding('f1', T0 + 1))))).toEqual([]);
    expect(waiting(2, wait(0), refuse(1, 'no_rule', asks(finding('f2', T0 + 1))))).toEqual([f1]);
  });

  test('also where its event comes again meanwhile', () => {
    expect(waiting(2, wait(0), refuse(1, 'superseded'))).toEqual([f1]);
  });

  test('where a process died between its calls, but not while they may be under way', () => {
    const left = LEFT_AFTER / MINUTE;
    expect(waiting(left - 1, create(0, null))).toEqual([]);
    expect(waiting(left, create(0, null))).toEqual([f1]);
    expect(waiting(left, create(0, [make.denied]))).toEqual([f1]);
    expect(waiting(left, create(0, [make.created('tms-1')]))).toEqual([]);
    expect(waiting(left + 1, wait(0), create(1, null))).toEqual([f1]);
  });

  test('where the target of its session is gone since, until it is decided on again', () => {
    const gone: Turn = {
      minute: 5,
      decisions: [decision(null, { outcome: 'release', reason: 'target_gone', session: 'tms-1' })],
      actions: [{ kind: 'delete-session', decision: 0, id: 'tms-1' }],
      ...{ answers: [done], sessions: [session('tms-1')] },
    };
    const made = create(0, [make.created('tms-1')]);
    expect(waiting(5, made, gone)).toEqual([f1]);
    expect(waiting(60, made, gone)).toEqual([]);
    expect(waiting(7, made, gone, create(6, [make.created('tms-2')]))).toEqual([]);
    expect(waiting(7, made, gone, refuse(6))).toEqual([]);
    const kept: Turn = {
      ...{ minute: 3, requests: [f1] },
      decisions: [decision(f1, { outcome: 'keep', reason: 'already', session: 'tms-1', expires: until })],
    };
    expect(waiting(5, made, kept, gone)).toEqual([f1]);
  });

  test('not where its JSON cannot be read', () => {
    const ledger = new Ledger(SCOPE);
    ledger.add(rowsOf(wait(0)).map((row): MirroringRow => ({ ...row, request_json: '{"key":' })));
    expect(ledger.waiting(T0 + MINUTE)).toEqual([]);
  });
});

describe('an interface is released', () => {
  const made = create(0, [make.created('tms-1')]);
  const released = (...turns: readonly Turn[]) => ledgerOf(...turns).released('f1', 'eni-1');

  test('by who asked for it, up to the state of the finding by then', () => {
    expect(released(made, release(5, 'asked'))).toBe(T0);
    expect(released(made)).toBeNull();
    expect(ledgerOf(made, release(5, 'asked')).released('f1', 'eni-2')).toBeNull();
    expect(ledgerOf(made, release(5, 'asked')).released('f2', 'eni-1')).toBeNull();
  });

  test('by whom deleted it past us, unless it is seen again', () => {
    const gone: Turn = {
      minute: 5,
      decisions: [decision(f1, { outcome: 'report', reason: 'gone', session: 'tms-1' })],
      requests: [f1],
    };
    expect(released(made, gone)).toBe(T0);
    const seen: Turn = {
      minute: 6,
      decisions: [decision(f1, { outcome: 'keep', reason: 'already', session: 'tms-1' })],
      requests: [f1],
    };
    expect(released(made, gone, seen)).toBeNull();
  });

  test('neither by its time, nor before EC2 took it', () => {
    expect(released(made, release(5, 'expired'))).toBeNull();
    expect(released(made, release(5, 'asked', null))).toBeNull();
    expect(released(made, release(5, 'asked', [make.denied]))).toBeNull();
  });

  test('by who ended the request while it waited: on every interface', () => {
    const ended = (request: typeof f1): Turn => ({
      ...{ minute: 5, requests: [request] },
      decisions: [decision(request, { outcome: 'refuse', reason: 'released', interface: null })],
    });
    const ledger = ledgerOf(wait(0), ended(f1));
    expect([ledger.released('f1', 'eni-1'), ledger.released('f1', 'eni-2')]).toEqual([T0, T0]);
    expect(ledger.released('f2', 'eni-1')).toBeNull();
    expect(ledger.waiting(T0 + 6 * MINUTE)).toEqual([]);
  });

  test('of a launch: without a finding', () => {
    const tags = { [TAG.managed]: 'true', [TAG.cause]: 'launch', [TAG.rule]: 'tags[0]' };
    const ledger = ledgerOf({ ...release(5, 'asked'), sessions: [session('tms-1', { tags })] });
    expect(ledger.released(null, 'eni-1')).toBe(T0 + 5 * MINUTE);
  });
});

test('sessions are those that have not ended; with those that have, they are the histories', () => {
  const made = create(0, [make.created('tms-1')]);
  expect(ledgerOf(made).sessions()).toHaveLength(1);
  const over = ledgerOf(made, release(30, 'expired'));
  expect([over.sessions().length, over.histories().length]).toEqual([0, 1]);
});

test('what is before a time is forgotten, and nothing that something later is about', () => {
  const gone = asks(finding('f2', T0));
  const ledger = ledgerOf(...[create(0, [make.created('tms-1')]), refuse(0, 'no_rule', gone), release(5, 'asked')], {
    ...wait(10, {}, asks(finding('f3', T0))),
    sessions: [],
  });
  const view = () => [
    ...['f1', 'f2', 'f3'].map((id) => ledger.decided(id)?.updatedAt ?? null),
    ...[ledger.released('f1', 'eni-1'), ledger.session('tms-1')?.session_id ?? null],
    ledger.waiting(T0 + 10 * MINUTE).length,
  ];
  expect(view()).toEqual([T0, T0, T0, T0, 'tms-1', 1]);
  ledger.forget(T0 + 3 * MINUTE);
  expect(view()).toEqual([null, null, T0, T0, 'tms-1', 1]);
  ledger.forget(T0 + 6 * MINUTE);
  expect(view()).toEqual([null, null, T0, null, null, 1]);
  ledger.forget(T0 + 11 * MINUTE);
  expect(view()).toEqual([null, null, null, null, null, 0]);
});

test('whatever the order of the rows, and however often they come, the ledger is the same', () => {
  const f2 = asks(finding('f1', T0 + 2));
  const turns: Turn[] = [
    wait(0),
    create(1, [make.denied]),
    create(2, null),
    create(3, [make.created('tms-1')]),
    { ...wait(4, {}, f2), sessions: [session('tms-1')] },
    release(5, 'asked'),
    refuse(6, 'superseded'),
    create(7, [make.created('tms-2')], f2),
    refuse(8, 'no_rule', asks(finding('f3', T0))),
  ];
  const rows = turns.flatMap(rowsOf);
  const view = (ledger: Ledger) => ({
    decided: ['f1', 'f3'].map((id) => ledger.decided(id)),
    latest: ['f1', 'f3'].map((id) => ledger.latest(id)),
    decidedOn: [ledger.decidedOn('f1', 'eni-1'), ledger.decidedOn('f1', null)],
    released: ledger.released('f1', 'eni-1'),
    waiting: [0, 3, 5, 10, 20].map((minute) => ledger.waiting(T0 + minute * MINUTE)),
    sessions: ledger.sessions(),
    ended: ledger.session('tms-1'),
  });
  const anyRows = fc
    .subarray(rows, { minLength: 0 })
    .chain((some) =>
      fc
        .tuple(fc.shuffledSubarray(some, { minLength: some.length }), fc.shuffledSubarray(some))
        .map(([a, b]) => ({ some, mixed: [...a, ...b] })),
    );
  fc.assert(
    fc.property(anyRows, ({ some, mixed }) => {
      const [ordered, shuffled] = [new Ledger(SCOPE), new Ledger(SCOPE)];
      ordered.add(some);
      shuffled.add(mixed);
      expect(view(shuffled)).toEqual(view(ordered));
    }),
    { numRuns: 300 },
  );
});
