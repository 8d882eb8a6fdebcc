// The cache against a real S3 server: processes that share it, die in it or have no room in it; a store that denies or hangs.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CachedFiles } from '../../../../../consumers/shared/query/cache/cached-files.ts';
import { noTotals } from '../../../../../consumers/shared/query/query-stats.ts';
import { openStore } from '../../../../../consumers/shared/store/open.ts';
import type { ListedObject, ObjectStore } from '../../../../../schemas/store.ts';
import { requirement } from '../../../../requirements.ts';
import { type S3Proxy, startS3Proxy } from '../../../../s3-proxy.ts';
import { type S3Server, s3Environment, startS3Server } from '../../../../s3-server.ts';
import { until } from '../../../../until.ts';

const MIB = 1024 ** 2;
const PROCESS = join(import.meta.dirname, 'cache-process.ts');
const URI = 's3://cached';

const server = await startS3Server();

/** A mount that only the process and its children see, and that ends with them. */
const canMount = ((): boolean => {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', tmpdir()], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(server === null)('a cache over S3', () => {
  let proxy: S3Proxy;
  let store: ObjectStore;
  let directory: string;
  const children: ChildProcess[] = [];
  const variables: Record<string, string | undefined> = {};

  beforeAll(async () => {
    // Skipped without a server.
    proxy = await startS3Proxy((server as S3Server).port);
    for (const [name, value] of Object.entries(s3Environment(proxy.endpoint))) {
      variables[name] = process.env[name];
      process.env[name] = value;
    }
    await fetch(`${proxy.endpoint}/cached`, { method: 'PUT' });
    store = await openStore(URI);
    for (const name of ['a/1', 'a/2', 'b/1', 'b/2']) await store.put(name, Buffer.alloc(MIB, name));
  });
  afterAll(async () => {
    for (const [name, value] of Object.entries(variables)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vpcflow-cache-'));
    proxy.fault = () => null;
    proxy.requests.length = 0;
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    }
    await rm(directory, { recursive: true, force: true });
  });

  const listed = async (prefix: string): Promise<ListedObject[]> => {
    const objects: ListedObject[] = [];
    for await (const object of store.list(prefix)) objects.push(object);
    return objects;
  };
  const fetched = (): string[] => proxy.requests.flatMap(({ key }) => (key === '' ? [] : [key])).sort();
  const shared = () => readdir(join(directory, 'objects'));
  const owned = async () => (await readdir(directory)).filter((name) => name.startsWith('process-'));

  /** Another process; `said` resolves with its next line. */
  const spawned = (prefix: string, maxBytes = 100 * MIB, before: readonly string[] = []) => {
    const [program, ...args] = [...before, process.execPath, PROCESS, URI, directory, String(maxBytes), prefix];
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const lines: string[] = [];
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
    const said = (): Promise<string> => until('a line of the process', () => lines.shift() ?? null, 30);
    return { child, said, exit: once(child, 'exit') };
  };

  test('what one process has fetched another one reads, and what a process reads no other takes away', async () => {
    const first = spawned('a/');
    expect(await first.said()).toBe('holds 2');
    // Room for two: these push out all that nobody reads, and the first process's are read.
    const files = new CachedFiles(store, { directory, maxBytes: 2 * MIB });
    const seen = await files.hold(await listed('a/'));
    expect(fetched()).toEqual(['a/1', 'a/2']);
    seen.release();
    const more = await files.hold(await listed('b/'));
    more.release();
    await rm(join(directory, 'objects'), { recursive: true }); // worse than any eviction
    first.child.stdin.write('\n');
    expect(await first.said()).toBe(`read ${2 * MIB}`);
    await first.exit;
    await files.close();
    expect(await owned()).toEqual([]);
  });

  test('a file that another process reads is not evicted; when it has let go, it is', async () => {
    const first = spawned('a/');
    expect(await first.said()).toBe('holds 2');
    const totals = noTotals();
    const files = new CachedFiles(store, { directory, maxBytes: 2 * MIB, totals });
    (await files.hold(await listed('b/1'))).release();
    expect([totals.cacheEvictions, (await shared()).length]).toEqual([0, 3]);
    first.child.stdin.write('\n');
    await first.exit;
    (await files.hold(await listed('b/2'))).release();
    expect((await shared()).length).toBeLessThanOrEqual(2);
    await files.close();
  });

  test('a process that is killed in the middle of a fetch leaves nothing that counts, and what it left is removed', async () => {
    proxy.fault = ({ key }) => (key === 'a/2' ? { kind: 'stall', after: 1000 } : null);
    const first = spawned('a/');
    await until('the first object is there', async () => (await shared().catch(() => [])).length === 1);
    expect(await owned()).toHaveLength(1);
    first.child.kill('SIGKILL');
    await first.exit;
    proxy.fault = () => null;
    proxy.requests.length = 0;
    const files = new CachedFiles(store, { directory });
    const held = await files.hold(await listed('a/'));
    expect(held.paths).toHaveLength(2);
    expect(fetched()).toEqual(['a/2']);
    expect(await owned()).toHaveLength(1); // this one's
    held.release();
    await files.close();
    expect(await owned()).toEqual([]);
  });

  test('a damaged file is fetched again: another content, or half of it', async () => {
    const before = new CachedFiles(store, { directory });
    (await before.hold(await listed('a/'))).release();
    await before.close();
    const [one, two] = (await shared()).map((name) => join(directory, 'objects', name));
    await writeFile(one, Buffer.alloc(MIB, 'x'));
    await truncate(two, MIB / 2);
    const totals = noTotals();
    const files = new CachedFiles(store, { directory, totals });
    const held = await files.hold(await listed('a/'));
    expect(totals).toMatchObject({ cacheDamaged: 2, cacheMisses: 2, cacheHits: 0, fetchedBytes: 2 * MIB });
    expect(await Promise.all(held.paths.map(async (path) => (await stat(path)).size))).toEqual([MIB, MIB]);
    held.release();
    (await files.hold(await listed('a/'))).release();
    expect(totals).toMatchObject({ cacheMisses: 2, cacheHits: 2 });
    await files.close();
  });

  test('access denied is VF_STORE_UNREACHABLE, and nothing stays held', async () => {
    proxy.fault = ({ key }) => (key === 'a/2' ? { kind: 'answer', status: 403, code: 'AccessDenied' } : null);
    const files = new CachedFiles(store, { directory });
    await expect(files.hold(await listed('a/'))).rejects.toMatchObject({ code: 'VF_STORE_UNREACHABLE' });
    proxy.fault = () => null;
    const held = await files.hold(await listed('a/'));
    expect(held.paths).toHaveLength(2);
    held.release();
    await files.close();
  });

  test('a question that is given up ends its fetches, but not those that others wait for', async () => {
    const stalled = new Set(['a/1', 'b/1']);
    const gone: string[] = [];
    const asked: string[] = [];
    proxy.fault = ({ key }) => {
      if (key !== '') asked.push(key);
      return stalled.has(key) ? { kind: 'stall', after: 1000 } : null;
    };
    const client = store;
    const watched: ObjectStore = {
      uri: client.uri,
      put: (key, body, condition) => client.put(key, body, condition),
      list: (prefix, options) => client.list(prefix, options),
      remove: (key) => client.remove(key),
      get: (key, options) => {
        options?.signal?.addEventListener('abort', () => gone.push(key));
        return client.get(key, options);
      },
    };
    const files = new CachedFiles(watched, { directory });
    const [first, second] = [new AbortController(), new AbortController()];
    const both = files.hold([...(await listed('a/1')), ...(await listed('b/1'))], first.signal);
    const one = files.hold(await listed('a/1'), second.signal);
    await until('both are asked for', () => asked.length === 2);
    first.abort(new Error('left'));
    await expect(both).rejects.toThrow('left');
    expect(gone).toEqual(['b/1']);
    second.abort(new Error('left too'));
    await expect(one).rejects.toThrow('left too');
    expect(gone).toEqual(['b/1', 'a/1']);
    await files.close(); // resolves only when the fetches have ended
  });

  test('a directory that others may write to, or that is none, is VF_CACHE', async () => {
    await mkdir(join(directory, 'objects'), { mode: 0o777 });
    execFileSync('chmod', ['0777', join(directory, 'objects')]);
    const files = new CachedFiles(store, { directory });
    await expect(files.hold(await listed('a/'))).rejects.toMatchObject({ code: 'VF_CACHE' });
    await files.close();
  });

  const full = requirement('unshare with tmpfs', canMount, 'fills the disk of the cache');
  test.skipIf(!full)(
    'a full disk: what nobody reads makes room; without any it is VF_CACHE with what to do',
    async () => {
      const mounted = (size: string) => [
        'unshare',
        '-rm',
        'sh',
        '-c',
        `mount -t tmpfs -o size=${size} tmpfs "$0" && exec "$@"`,
        directory,
      ];
      const large = spawned('a/', 100 * MIB, mounted('3m'));
      expect(await large.said()).toBe('holds 2');
      const small = spawned('a/', 100 * MIB, mounted('1536k'));
      expect(await small.said()).toMatch(
        /^failed VF_CACHE objects cannot be kept in .*: no space is left on the device$/,
      );
    },
  );
});
