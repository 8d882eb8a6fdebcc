// A process of its own that writes to a directory store as its arguments say, and reports each step on a line.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import { DirectoryLock } from '../../../../consumers/shared/store/directory-lock.ts';

const [task, path, name] = process.argv.slice(2);
const store = new DirectoryStore(path);
const report = (line: string): void => void process.stdout.write(`${line}\n`);

/** Content that names itself: its SHA-256 is the end of its key. */
const body = (i: number): Buffer => Buffer.alloc(300_000, `${name} ${i} `);
const keyOf = (bytes: Buffer): string => `written/${createHash('sha256').update(bytes).digest('hex')}`;

/** Takes each of 60 new keys if nobody has it yet, and reports the ones it won. */
const race = async (): Promise<void> => {
  for (let i = 0; i < 60; i++) {
    const result = await store.put(`race/${i}`, Buffer.from(name), { ifAbsent: true });
    if (result.outcome === 'stored') report(`race/${i}`);
  }
};

/** Raises a counter 40 times by reading it and writing it if nobody else did. */
const count = async (): Promise<void> => {
  for (let done = 0; done < 40; ) {
    const found = await store.get('counter');
    if (found === null) throw new Error('the counter is gone');
    const next = Buffer.from(String(Number(found.body.toString()) + 1));
    if ((await store.put('counter', next, { ifMatch: found.tag })).outcome === 'stored') done++;
  }
};

/** Writes until it is killed, and reports each key once it is stored. */
const write = async (): Promise<void> => {
  for (let i = 0; ; i++) {
    const bytes = body(i);
    await store.put(keyOf(bytes), bytes, i % 2 === 0 ? { ifAbsent: true } : undefined);
    report(keyOf(bytes));
  }
};

/** Dies while it holds the lock of the store. */
const die = async (): Promise<void> => {
  await store.put('before', Buffer.from('x'));
  await new DirectoryLock(join(path, '.tmp', 'lock')).run(() => process.kill(process.pid, 'SIGKILL'));
};

const tasks = { race, count, write, die };
if (task !== 'race' && task !== 'count' && task !== 'write' && task !== 'die') throw new Error(`no task ${task}`);
await tasks[task]();
