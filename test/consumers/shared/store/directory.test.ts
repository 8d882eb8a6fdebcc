// The directory store: the contract, and what several processes, a kill and a file system can do to it.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { storeFailure } from '../../../../consumers/shared/store/failure.ts';
import { objectStoreContract } from '../../../contracts/object-store.ts';
import { collect } from '../../../contracts/store-place.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vpcflow-directory-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const place = async (): Promise<string> => join(await mkdtemp(join(base, 'place-')), 'store');

objectStoreContract({
  name: 'DirectoryStore',
  place: async () => {
    const path = await place();
    return { client: () => new DirectoryStore(path) };
  },
  runs: 25,
  big: 80 << 20,
});

interface Writer {
  readonly child: ChildProcess;
  /** The lines it reported, complete once `ended` resolves. */
  readonly lines: string[];
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

const start = (task: string, path: string, name: string, onLine?: (lines: number) => void): Writer => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts'), task, path, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => onLine?.(lines.push(line)));
  if (onLine === undefined) reader.on('line', (line) => lines.push(line));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  return { child, lines, ended };
};

describe('among processes', () => {
  it('ifAbsent has one winner for each key', async () => {
    const path = await place();
    const writers = ['a', 'b', 'c', 'd'].map((name) => ({ name, ...start('race', path, name) }));
    expect(await Promise.all(writers.map((w) => w.ended))).toEqual([0, 0, 0, 0]);
    const won = writers.flatMap((w) => w.lines);
    expect(won.toSorted()).toEqual(Array.from({ length: 60 }, (_, i) => `race/${i}`).toSorted());
    const store = new DirectoryStore(path);
    for (const { name, lines } of writers) {
      for (const key of lines) expect((await store.get(key))?.body.toString()).toBe(name);
    }
  });

  it('ifMatch loses no increment', async () => {
    const path = await place();
    const store = new DirectoryStore(path);
    await store.put('counter', Buffer.from('0'));
    const writers = ['a', 'b', 'c', 'd'].map((name) => start('count', path, name));
    expect(await Promise.all(writers.map((w) => w.ended))).toEqual([0, 0, 0, 0]);
    expect((await store.get('counter'))?.body.toString()).toBe('160');
  });

  it('a writer that dies holding the lock leaves it free', async () => {
    const path = await place();
    expect(await start('die', path, 'a').ended).toBe('SIGKILL');
    const store = new DirectoryStore(path);
    const { tag } = (await store.get('before')) ?? { tag: '' };
    expect((await store.put('before', Buffer.from('y'), { ifMatch: tag })).outcome).toBe('stored');
  });

  it('a killed writer leaves what it stored, whole, and nothing in part', async () => {
    const path = await place();
    for (const enough of [3, 10, 17]) {
      const writer = start(
        'write',
        path,
        `until ${enough}`,
        (lines) => lines === enough && writer.child.kill('SIGKILL'),
      );
      expect(await writer.ended).toBe('SIGKILL');
      const store = new DirectoryStore(path);
      const listed = (await collect(store.list(''))).map((object) => object.key);
      expect(listed).toEqual(expect.arrayContaining(writer.lines));
      for (const key of listed) {
        const body = (await store.get(key))?.body ?? Buffer.alloc(0);
        expect(`written/${createHash('sha256').update(body).digest('hex')}`).toBe(key);
      }
    }
  });
});

describe('temporary files', () => {
  const left = async (path: string): Promise<string[]> =>
    (await readdir(join(path, '.tmp'))).filter((name) => name !== 'lock');

  it('are gone after every kind of put and removal', async () => {
    const path = await place();
    const store = new DirectoryStore(path);
    await store.put('k', Buffer.from('1'), { ifAbsent: true });
    await store.put('k', Buffer.from('2'), { ifAbsent: true });
    await store.put('k', Buffer.from('3'), { ifMatch: 'no such tag' });
    await store.put('k', Buffer.from('4'));
    await store.remove('k');
    await expect(store.put('k/a', Buffer.from('5'))).resolves.toMatchObject({ outcome: 'stored' });
    await expect(store.put('k', Buffer.from('6'))).rejects.toMatchObject({ code: 'VF_STORE_UNREACHABLE' });
    expect(await left(path)).toEqual([]);
  });

  it('of dead writers are removed once nobody can still be writing them', async () => {
    const path = await place();
    const written = Date.UTC(2026, 10, 20, 5) / 1000;
    await mkdir(join(path, '.tmp'), { recursive: true });
    await writeFile(join(path, '.tmp', '17-left'), 'half');
    await utimes(join(path, '.tmp', '17-left'), written, written);
    const clock = new ManualClock(Date.now() + 59 * 60_000);
    await new DirectoryStore(path, clock).put('k', Buffer.from('x'));
    expect(await left(path)).toEqual(['17-left']);
    await clock.advance(2 * 60_000);
    await new DirectoryStore(path, clock).put('k', Buffer.from('x'));
    expect(await left(path)).toEqual([]);
  });

  it('and everything else under a name with a dot in front is never listed', async () => {
    const path = await place();
    await mkdir(join(path, '.vpcflow'), { recursive: true });
    await writeFile(join(path, '.vpcflow', 'state'), 'x');
    const store = new DirectoryStore(path);
    await store.put('k', Buffer.from('x'));
    expect((await collect(store.list(''))).map((object) => object.key)).toEqual(['k']);
    expect(await collect(store.list('.'))).toEqual([]);
  });
});

describe('a store that was there and is gone', () => {
  const gone = (what: string) => ({
    code: 'VF_STORE_UNREACHABLE',
    message: expect.stringContaining(`the store is gone, ${what} was there`),
  });

  it.each([
    ['moved away', 'k', 'the directory', (path: string) => rename(path, `${path}-gone`)],
    [
      'without its store.json',
      'store.json',
      'store.json',
      (path: string) => rename(path, `${path}-gone`).then(() => mkdir(path)),
    ],
  ])('%s: has no empty listings and no absent objects', async (_name, key, what, leave) => {
    const path = await place();
    await new DirectoryStore(path).put(key, Buffer.from('{}'));
    const store = new DirectoryStore(path);
    expect(await store.get(key)).not.toBeNull();
    await leave(path);
    await expect(collect(store.list(''))).rejects.toMatchObject(gone(what));
    await expect(collect(store.list('digests/date=2026-11-20/'))).rejects.toMatchObject(gone(what));
    await expect(store.get('k')).rejects.toMatchObject(gone(what));
    await expect(new DirectoryStore(path).get('k')).resolves.toBeNull(); // where nothing was seen nothing is missed
    await rm(path, { recursive: true, force: true });
    await rename(`${path}-gone`, path);
    expect(await store.get(key)).not.toBeNull();
  });

  it('is not one whose store.json was removed by whoever writes to it', async () => {
    const store = new DirectoryStore(await place());
    await store.put('store.json', Buffer.from('{}'));
    await store.remove('store.json');
    expect(await collect(store.list(''))).toEqual([]);
    expect(await store.get('store.json')).toBeNull();
  });
});

describe('what is no file', () => {
  it('is listed where an object was to be, and names itself where it is more', async () => {
    const path = await place();
    const store = new DirectoryStore(path);
    await store.put('t/a.parquet', Buffer.from('x'));
    await symlink('nowhere', join(path, 't', 'b.parquet'));
    await symlink('c.parquet', join(path, 't', 'c.parquet'));
    await mkdir(join(path, 't', 'd.parquet'));
    await writeFile(join(path, 't', 'd.parquet', 'e.parquet'), 'xy');
    await symlink('a.parquet', join(path, 't', 'f.parquet'));
    expect((await collect(store.list('t/'))).map(({ key, size }) => [key, size])).toEqual([
      ['t/a.parquet', 1],
      ['t/b.parquet', 0],
      ['t/c.parquet', 0],
      ['t/d.parquet', 0],
      ['t/d.parquet/e.parquet', 2],
      ['t/f.parquet', 1],
    ]);
    await symlink('nowhere', join(path, 'u'));
    await expect(collect(store.list('u/v/'))).rejects.toMatchObject({
      code: 'VF_STORE_UNREACHABLE',
      message: 'u cannot be listed: it is a symbolic link that leads nowhere',
    });
    const server = createServer().listen(join(path, 't', 'g.parquet'));
    await once(server, 'listening');
    await expect(collect(store.list('t/'))).rejects.toMatchObject({
      message: 't/g.parquet cannot be listed: it is no file',
    });
    server.close();
  });
});

describe('a file system that fails', () => {
  it('is named, with what was tried and the cause', async () => {
    const path = await place();
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'file'), 'x');
    const below = new DirectoryStore(join(path, 'file', 'store'));
    const unreachable = (doing: string) => ({
      code: 'VF_STORE_UNREACHABLE',
      message: `${join(path, 'file', 'store')}: cannot ${doing}: a part of the path is a file, not a directory`,
    });
    await expect(below.put('k', Buffer.from('x'))).rejects.toMatchObject(unreachable('write k'));
    await expect(below.get('k')).rejects.toMatchObject(unreachable('read k'));
    await expect(collect(below.list(''))).rejects.toMatchObject(unreachable('list it'));
    const beside = new DirectoryStore(path);
    await expect(beside.put('file/k', Buffer.from('x'), { ifAbsent: true })).rejects.toMatchObject({
      code: 'VF_STORE_UNREACHABLE',
    });
    await beside.put('dir/k', Buffer.from('x'));
    await expect(beside.put('dir', Buffer.from('x'), { ifAbsent: true })).rejects.toMatchObject({
      message: `${path}: cannot write dir: something else is in the way`,
    });
  });

  it.each([
    ['ENOSPC', 'no space is left on the device'],
    ['EACCES', 'permission is denied'],
    ['EROFS', 'the file system is read-only'],
    ['EIO', 'the device reports an error'],
    ['EWEIRD', 'raw text'],
  ])('%s is told as: %s', (code, cause) => {
    const failure = storeFailure('./data', 'write k', Object.assign(new Error('raw text'), { code }));
    expect(failure.code).toBe('VF_STORE_UNREACHABLE');
    expect(failure.message).toBe(`./data: cannot write k: ${cause}`);
  });
});
