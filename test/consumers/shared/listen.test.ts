// Where a server listens and what keeps it from that, in the words of the options that said it.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { checkBinding, drainSentence, type ListenPlace, listenOn, urlOf } from '../../../consumers/shared/listen.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if (!server.listening) continue;
    server.close();
    await once(server, 'close');
  }
});

const listening = async (place: Partial<ListenPlace>): Promise<Server> => {
  const server = createServer();
  servers.push(server);
  await listenOn(server, { host: '127.0.0.1', port: 0, named: { host: '--host', port: '--port' }, ...place });
  return server;
};

test('a free port, and its address', async () => {
  const server = await listening({});
  expect(urlOf(server, '127.0.0.1')).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(urlOf(server, '::1', 'https')).toMatch(/^https:\/\/\[::1\]:\d+$/);
});

test('a port that is taken, and an address of another host', async () => {
  const port = Number(new URL(urlOf(await listening({}), '127.0.0.1')).port);
  const metrics = { host: null, port: '--metrics-port' } as const;
  await expect(listening({ port, named: metrics })).rejects.toMatchObject({
    sentence: `port ${port} of 127.0.0.1 is taken; choose another with --metrics-port, or stop what listens there (VF_PORT_IN_USE)`,
  });
  await expect(listening({ host: '192.0.2.1' })).rejects.toMatchObject({
    code: 'VF_BIND_REFUSED',
    message: 'cannot listen on 192.0.2.1, port 0: EADDRNOTAVAIL',
    help: 'give an address of this host with --host, and a port above 1023 with --port',
  });
});

test('what others can reach needs to ask who they are', () => {
  expect(() => checkBinding('0.0.0.0', false, 'ask them')).toThrow(
    expect.objectContaining({ code: 'VF_BIND_REFUSED', help: 'ask them' }),
  );
  for (const [host, isAsked] of [['127.0.0.1', false] as const, ['::1', false] as const, ['0.0.0.0', true] as const])
    expect(() => checkBinding(host, isAsked, '')).not.toThrow();
});

test('what is said at the end', () => {
  expect([0, 2500].map(drainSentence)).toEqual([
    'not ready any more; no more requests are taken',
    'not ready any more; requests are taken for 2.5 s',
  ]);
});
