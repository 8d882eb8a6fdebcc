// The pipe to the daemon: never full, in order, and told once when nobody reads any more.
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { ProtocolOutput } from '../../../../../consumers/shared/kcl/child/protocol-output.ts';

const unbroken = (error: Error): void => {
  throw error;
};

test('answers true however much lies unread, and loses none of it', async () => {
  const seen: string[] = [];
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const pipe = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => {
      void gate.then(() => {
        seen.push(chunk.toString());
        done();
      });
    },
  });
  const output = new ProtocolOutput(pipe, unbroken);
  const messages = Array.from({ length: 2000 }, (_, i) => `\n${JSON.stringify({ i, text: 'x'.repeat(100) })}\n`);
  const called: number[] = [];
  expect(messages.map((message, i) => output.write(message, 'utf8', () => called.push(i)))).not.toContain(false);
  expect(seen).toEqual([]);
  go();
  await new Promise<void>((resolve) => output.end(resolve));
  expect(seen.join('')).toBe(messages.join(''));
  expect(called).toEqual(messages.map((_, i) => i));
});

test('a pipe that breaks is told once', async () => {
  const told: string[] = [];
  const pipe = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const output = new ProtocolOutput(pipe, (error) => told.push(error.message));
  const [first, second] = await Promise.all(
    ['a', 'b'].map((text) => new Promise<unknown>((resolve) => output.write(text, resolve))),
  );
  expect(first).toBeInstanceOf(Error);
  expect(second).toBeInstanceOf(Error);
  expect(told).toEqual(['EPIPE']);
});

test('a pipe that is closed under an idle child is told too', async () => {
  const pipe = new Writable({ write: (_chunk, _encoding, done) => done() });
  const told = new Promise<string>((resolve) => {
    new ProtocolOutput(pipe, (error) => resolve(error.message));
  });
  pipe.destroy();
  expect(await told).toBe('it is closed');
});

test('what is written after it was silenced reaches nobody, and is no error', async () => {
  const seen: string[] = [];
  const pipe = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      seen.push(chunk.toString());
      done();
    },
  });
  const output = new ProtocolOutput(pipe, unbroken);
  output.write('before');
  output.silence();
  await new Promise<void>((resolve, reject) => output.write('after', (error) => (error ? reject(error) : resolve())));
  expect(seen).toEqual(['before']);
});
