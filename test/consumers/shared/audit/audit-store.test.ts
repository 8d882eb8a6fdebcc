// The audit of stores that the real writers wrote: what is right is proven to the last packet, what is young or old is said.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auditStore } from '../../../../consumers/shared/audit/audit-store.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { canonicalJson } from '../../../../pipeline/canonical-json.ts';
import { parseClaim, parseCommit, serialize } from '../../../../pipeline/documents.ts';
import { claimKey, commitKey, partClaimKey, streamSource } from '../../../../pipeline/keys.ts';
import { BEGIN, digest, SHARD, STREAM, sequence, written } from '../../../audited-store.ts';
import { type Backing, MemoryStore } from '../../../fakes/memory-store.ts';
import {
  after,
  audit,
  bodyOf,
  changed,
  claimOf,
  commitOf,
  drop,
  editClaim,
  editCommit,
  identity,
  intact,
  keyOf,
  MINUTES,
  partCommit,
  sourceOf,
  whats,
} from './falsify.ts';

describe('an intact store', () => {
  it('is proven, in memory and on disk, with exact sums', async () => {
    const result = await audit(intact);
    expect(result).toEqual({
      report: {
        ok: true,
        objects: 26n,
        records: 13n,
        envelopes: 8n,
        control: 3n,
        duplicates: 0n,
        overlaps: 0n,
        lines: 39n,
        flows: 23n,
        nodata: 3n,
        skipdata: 3n,
        events: 0n,
        skipped: 0n,
        rejects: {
          total: 11n,
          lines: 10n,
          envelopes: 1n,
          by_reason: { bad_number: 5n, envelope_truncated: 1n, token_count: 5n },
        },
        replayed: 0n,
        packets: 8n * 9007199254740991n + 15n * 3n,
        bytes: 8n * 9007199254740991n + 15n * 1000n,
        rows: 15n,
        gaps: [],
      },
      open: [],
      expired: [],
    });
    const path = await mkdtemp(join(tmpdir(), "vpcflow audit [it's] *-"));
    try {
      for (const [key, body] of intact) {
        await mkdir(dirname(join(path, key)), { recursive: true });
        await writeFile(join(path, key), body);
      }
      expect(await auditStore(new DirectoryStore(path), { window: null })).toEqual(result);
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  });

  it('of nothing is proven, too', async () => {
    expect((await audit(new Map())).report).toMatchObject({ ok: true, lines: 0n, gaps: [] });
  });

  it('is summed by arrival hours, and only what they hold is looked at', async () => {
    const hour = (n: number) => ({ start: Date.UTC(2026, 10, 20, n, 10), stop: Date.UTC(2026, 10, 20, n, 11) });
    const of = (n: number, backing: Backing) => auditStore(new MemoryStore(backing), { window: hour(n) });
    expect((await of(5, intact)).report).toMatchObject({ ok: true, records: 5n, lines: 19n, flows: 13n });
    expect((await of(6, intact)).report).toMatchObject({ ok: true, records: 8n, lines: 20n, flows: 10n });
    expect((await of(7, intact)).report).toMatchObject({ ok: true, records: 0n, objects: 0n });
    const broken = changed((backing) => drop(backing, keyOf(backing, 'digests/', sourceOf(3))));
    expect((await of(5, broken)).report.ok).toBe(true);
    expect(whats((await of(6, broken)).report.gaps)).toEqual(['missing object']);
    const chainless = changed((backing) => drop(backing, claimOf(3)));
    expect((await of(5, chainless)).report.ok).toBe(true);
    expect(whats((await of(6, chainless)).report.gaps)).toContain('missing claim');
    const uncommitted = changed((backing) => drop(backing, commitOf(4)));
    expect(whats((await of(6, uncommitted)).report.gaps)).toEqual(['missing commit']);
  });
});

describe('what is no gap', () => {
  it('the last claim without its commit, with whatever of its objects is there, is open', async () => {
    const last = MINUTES - 1;
    const claimed = changed((b) => drop(b, commitOf(last)));
    expect(await audit(claimed)).toMatchObject({ report: { ok: true, records: 11n }, open: [sourceOf(last)] });
    drop(claimed, keyOf(claimed, 'digests/', sourceOf(last)));
    expect(await audit(claimed)).toMatchObject({ report: { ok: true }, open: [sourceOf(last)] });
  });

  it('a backfill that is under way is open', async () => {
    const parts = changed((b) => drop(b, partCommit(3)));
    const open = [`backfill-${identity}-000003`];
    expect(await audit(parts)).toMatchObject({ report: { ok: true }, open });
    drop(parts, partClaimKey(identity, 3));
    drop(parts, keyOf(parts, 'digests/', `backfill-${identity}-000003`));
    expect(await audit(parts)).toMatchObject({ report: { ok: true }, open });
  });

  it('what is written after the list was fixed is younger, and open', async () => {
    const backing: Backing = new Map();
    await digest(new MemoryStore(backing), written(3));
    const grown: Backing = new Map();
    await digest(new MemoryStore(grown), written(MINUTES));
    let listed = false;
    const store = new MemoryStore(backing, {
      afterEach: (operation, key) => {
        if (operation !== 'list' || key !== 'commits/' || listed) return;
        listed = true;
        for (const [at, body] of grown) backing.set(at, body);
      },
    });
    const result = await auditStore(store, { window: null });
    expect(result.report).toMatchObject({ ok: true, records: 6n, gaps: [] });
    expect(result.open).toEqual([3, 4, 5].map(sourceOf).sort());
    expect((await audit(backing)).report).toMatchObject({ ok: true, records: 12n });
  });

  it('claims that have expired are said to have, and what they covered is unproven', async () => {
    const old = changed((b) => {
      for (const n of [0, 1]) drop(b, claimOf(n));
    });
    const kept = await audit(old);
    expect(kept.report).toMatchObject({ ok: true, records: 13n });
    expect(kept.expired).toEqual([
      `the chain of ${STREAM}-${SHARD} is kept from after ${after(2)} on; what was before is unproven`,
      `2 commits or objects of ${STREAM}-${SHARD} are older than its first kept claim`,
    ]);
    const older = changed((b) => {
      for (const n of [0, 1]) {
        drop(b, claimOf(n));
        drop(b, commitOf(n));
      }
    });
    expect(await audit(older)).toMatchObject({
      report: { ok: true, records: 9n },
      expired: [/from after/, /^5 commits/].map((m) => expect.stringMatching(m)),
    });
  });
});

describe('records that nobody can read any more', () => {
  it('are a gap of the claim that names them', async () => {
    const gap = { after: after(2), before: sequence(7) };
    const backing = changed((b) => {
      editClaim(3, (claim) => ({ ...claim, first: sequence(7), records: 1, gap }))(b);
      editCommit(b, commitOf(3), (c) => ({ ...c, gap, counts: { ...c.counts, records: 1 } }));
    });
    const { report } = await audit(backing);
    expect(report.gaps).toEqual([
      {
        source: sourceOf(3),
        what: 'unreadable records',
        expected: `records after ${gap.after} and before ${gap.before}`,
        found: null,
      },
    ]);
  });

  it('a tombstone stands for a link, and hands the chain on; what it gave up must be gone', async () => {
    // Epoch 2 was claimed and given up: its second record is the link after its tombstone.
    const at = sequence(5);
    const backing = changed((b) => {
      const claim = parseClaim(claimOf(2), bodyOf(b, claimOf(2)));
      const removed = claim.objects;
      const { arrival } = claim;
      b.set(
        commitOf(2),
        serialize({ kind: 'tombstone', source: sourceOf(2), claim: claimOf(2), arrival, last: at, removed }),
      );
      const next = { ...claim, after: at, previous: after(2), first: sequence(6), records: 1, objects: [] };
      b.set(claimKey(STREAM, SHARD, at), serialize(next));
      const source = streamSource(STREAM, SHARD, at);
      const commit = parseCommit(commitOf(2), bodyOf(intact, commitOf(2)));
      if (commit.kind !== 'commit') throw new Error('it is a commit');
      const counts = {
        ...commit.counts,
        records: 1,
        envelopes: 0,
        control: 1,
        lines: 0,
        flows: 0,
        nodata: 0,
        skipdata: 0,
      };
      const none = { rejects: { total: 0, lines: 0, envelopes: 0, by_reason: {} }, packets: 0n, bytes: 0n };
      b.set(
        commitKey(arrival.first, source),
        serialize({
          ...commit,
          source,
          claim: claimKey(STREAM, SHARD, at),
          objects: [],
          counts: { ...counts, ...none },
        }),
      );
      editClaim(3, (c) => ({ ...c, previous: at }))(b);
    });
    const left = await audit(backing);
    expect(new Set(whats(left.report.gaps))).toEqual(new Set(['object that no commit names']));
    for (const key of [...backing.keys()])
      if (key.includes(sourceOf(2)) && !key.startsWith('commits/')) backing.delete(key);
    expect((await audit(backing)).report).toMatchObject({ ok: true, records: 12n });
  });
});

it('an outage while it reads is an error, never a gap', async () => {
  const store = new MemoryStore(intact, {
    beforeEach: (operation, key) => {
      if (operation === 'get' && key.startsWith('digests/')) throw new Error('the network is gone');
    },
  });
  await expect(auditStore(store, { window: null })).rejects.toThrow('the network is gone');
});

it('stops when it is told to', async () => {
  const abort = new AbortController();
  const store = new MemoryStore(intact, {
    afterEach: (operation, key) => {
      if (operation === 'get' && key.startsWith('commits/')) abort.abort(new Error('enough'));
    },
  });
  await expect(auditStore(store, { window: null, signal: abort.signal })).rejects.toThrow('enough');
});

it('many commits are read in batches and add up', async () => {
  // One epoch of the intact store, written 700 times as parts of 700 objects.
  const backing: Backing = new Map();
  const object = keyOf(intact, 'digests/', `backfill-${identity}-000000`);
  const claim = JSON.parse(bodyOf(intact, partClaimKey(identity, 3)).toString());
  const commit = parseCommit(partCommit(3), bodyOf(intact, partCommit(3)));
  if (commit.kind !== 'commit') throw new Error('it is a commit');
  const body = bodyOf(intact, keyOf(intact, 'digests/', `backfill-${identity}-000003`));
  for (let i = 0; i < 700; i++) {
    const other = i.toString(16).padStart(64, '0');
    const source = `backfill-${other}-000000`;
    const key = object.replace(identity, other);
    const claimAt = partClaimKey(other, 0);
    backing.set(key, body);
    backing.set(
      claimAt,
      Buffer.from(canonicalJson({ ...claim, identity: other, part: 0, firstLine: 0, objects: [key] })),
    );
    const objects = commit.objects.map((o) => ({ ...o, key }));
    backing.set(commitKey(BEGIN, source), serialize({ ...commit, source, claim: claimAt, objects }));
  }
  const steps: number[] = [];
  const result = await auditStore(new MemoryStore(backing), { window: null, onProgress: (done) => steps.push(done) });
  expect(result).toMatchObject({
    report: { ok: true, objects: 700n, flows: 700n, rows: 700n, packets: 2100n },
    open: [],
  });
  expect(steps.length).toBeGreaterThan(3);
});
