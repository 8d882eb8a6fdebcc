// Who may ask a server over HTTP: tokens, proxies, both; roles; and tokens that change while it runs.
import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { checkAccess } from '../../../../consumers/query/server/access.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { NOW } from '../golden-store.ts';
import { HOUR, serving } from '../serving.ts';
import { ask } from './raw-request.ts';

const { start, path } = serving();

const line = (role: string, name: string, token: string): string =>
  `${role} ${name} ${createHash('sha256').update(token).digest('hex')}\n`;
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const JOBS = { method: 'POST', headers: { 'content-type': 'application/json' } };
const JOB = JSON.stringify({ id: 'x', start: 'x', stop: 'x' });

const tokenFile = async (name: string, content: string): Promise<string> => {
  await writeFile(path(name), content, { mode: 0o600 });
  return path(name);
};

describe('tokens', () => {
  test('are asked for everywhere but of those who ask whether the server lives', async () => {
    const { url } = await start({ tokenFile: await tokenFile('everywhere', line('read', 'alice', 'reads')) });
    for (const route of [
      `/v1/rows?${HOUR}`,
      '/',
      '/metrics',
      '/openapi.json',
      '/nowhere',
      '/graph?start&stop',
      '/page.css',
    ]) {
      const { status, headers, body } = await ask(url + route);
      expect([route, status, headers['www-authenticate']]).toEqual([route, 401, 'Bearer realm="vpcflow"']);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(body).not.toContain('vpcflow_');
    }
    for (const route of ['/healthz', '/readyz']) expect((await ask(url + route)).status).toBe(200);
    const known = await Promise.all(
      [`/v1/rows?${HOUR}`, '/', '/metrics', '/openapi.json', '/nowhere'].map((route) =>
        ask(url + route, bearer('reads')),
      ),
    );
    expect(known.map(({ status }) => status)).toEqual([200, 200, 200, 200, 404]);
    expect((await ask(`${url}/v1/rows?${HOUR}`, bearer('readz'))).status).toBe(401);
    const twice = { headers: { authorization: ['Bearer reads', 'Bearer readz'] } };
    expect((await ask(`${url}/v1/rows?${HOUR}`, twice)).status).toBe(401);
  });

  test('give a role: what changes something asks for operate', async () => {
    const file = await tokenFile('roles', line('read', 'alice', 'reads') + line('operate', 'bob', 'operates'));
    const { url } = await start({ tokenFile: file });
    const as = (token: string) =>
      ask(`${url}/jobs`, { ...JOBS, headers: { ...JOBS.headers, ...bearer(token).headers }, body: JOB });
    expect((await as('reads')).status).toBe(403);
    expect((await as('operates')).status).toBe(400); // it was looked at
    expect((await ask(`${url}/v1/rows?${HOUR}`, bearer('operates'))).status).toBe(200);
  });

  test('any name of the host will do then: no page of another site has a token', async () => {
    const { url } = await start({ tokenFile: await tokenFile('names', line('read', 'alice', 'reads')) });
    const headers = { ...bearer('reads').headers, host: 'flows.example.com' };
    expect((await ask(`${url}/metrics`, { headers })).status).toBe(200);
  });

  test('are read again when the file changes, and stay as they were when it is bad', async () => {
    const clock = new ManualClock(NOW);
    const said: string[] = [];
    const file = await tokenFile('changing', line('read', 'alice', 'old'));
    const { url, reload } = await start({ tokenFile: file, clock, log: { write: (text) => void said.push(text) } });
    const statuses = async (): Promise<number[]> => {
      const answers = await Promise.all(['old', 'new'].map((token) => ask(`${url}/openapi.json`, bearer(token))));
      return answers.map(({ status }) => status);
    };
    expect(await statuses()).toEqual([200, 401]);
    await tokenFile('changing', `${line('read', 'alice', 'old')}\n${line('read', 'alice', 'new')}`);
    await clock.advance(1000);
    expect(await statuses()).toEqual([200, 200]);
    await tokenFile('changing', 'read alice nothing');
    await reload();
    expect(await statuses()).toEqual([200, 200]);
    await rm(file);
    await clock.advance(1000);
    expect(await statuses()).toEqual([200, 200]);
    await tokenFile('changing', line('read', 'alice', 'new'));
    await reload(); // what SIGHUP does
    expect(await statuses()).toEqual([401, 200]);
    const messages = said.map((text) => JSON.parse(text).msg).filter((text) => text !== 'request');
    expect(messages).toEqual([
      'the tokens were read again',
      expect.stringMatching(/line 1 has no SHA-256.*; the tokens stay as they were$/),
      expect.stringMatching(/cannot be read: ENOENT; the tokens stay as they were$/),
      'the tokens were read again',
    ]);
  });

  test.each([
    ['nothing', '# nobody\n', 'has no token'],
    [
      'lines that are none',
      'read\nread alice x\n',
      'line 1 has 1 parts, not three: role, name and SHA-256; line 2 has no',
    ],
  ])('with %s no server starts', async (_, content, message) => {
    const starting = start({ tokenFile: await tokenFile('bad', content) });
    await expect(starting).rejects.toMatchObject({ code: 'VF_USAGE', message: expect.stringContaining(message) });
    await expect(start({ tokenFile: path('none') })).rejects.toMatchObject({ code: 'VF_SOURCE_UNREADABLE' });
  });
});

describe('proxies', () => {
  const LOCAL = { trustedProxies: ['127.0.0.0/8'], userHeader: 'X-User', operators: ['carol'] };

  test('say who asks; nobody else may', async () => {
    const { url } = await start(LOCAL);
    const as = (user: string | string[]) => ask(`${url}/openapi.json`, { headers: { 'x-user': user } });
    expect((await as('dave')).status).toBe(200);
    expect((await as('')).status).toBe(401);
    expect((await as(['dave', 'carol'])).status).toBe(401);
    expect((await ask(`${url}/openapi.json`)).status).toBe(401);
    expect((await ask(`${url}/openapi.json`, { headers: { 'x-forwarded-user': 'dave' } })).status).toBe(401);
    const accented = await start({ ...LOCAL, operators: ['zoë'] });
    const digest = (user: string) =>
      ask(`${accented.url}/digest?${HOUR}`, { method: 'POST', headers: { 'x-user': user } });
    expect((await digest(Buffer.from('zoë').toString('latin1'))).status).toBe(202);
    expect((await digest(Buffer.from('zoe').toString('latin1'))).status).toBe(403);
    expect((await digest('zo\u00eb')).status).toBe(401); // as Latin-1, which is no UTF-8
    const { url: elsewhere } = await start({ ...LOCAL, trustedProxies: ['10.0.0.0/8', '::1/128'] });
    const { status, body } = await ask(`${elsewhere}/openapi.json`, { headers: { 'x-user': 'carol' } });
    expect([status, JSON.parse(body).code]).toEqual([403, 'VF_FORBIDDEN']);
    expect((await ask(`${elsewhere}/healthz`)).status).toBe(200);
  });

  test('name operators, whose browsers no other site may use', async () => {
    const { url } = await start(LOCAL);
    const post = async (headers: Record<string, string>): Promise<[number, string]> => {
      const { status, body } = await ask(`${url}/jobs`, {
        ...JOBS,
        headers: { ...JOBS.headers, ...headers },
        body: JOB,
      });
      return [status, body];
    };
    expect((await post({ 'x-user': 'dave' }))[0]).toBe(403);
    for (const headers of [
      {},
      { 'sec-fetch-site': 'same-origin', origin: 'https://flows.example.com' },
      { 'sec-fetch-site': 'none' },
    ]) {
      expect((await post({ 'x-user': 'carol', ...headers }))[0]).toBe(400); // it was looked at
    }
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      const [status, body] = await post({ 'x-user': 'carol', ...headers });
      expect([headers, status, body]).toEqual([headers, 403, expect.stringContaining('does not answer pages of')]);
    }
  });

  test('beside tokens: whoever sends a token is its owner, or nobody', async () => {
    const file = await tokenFile('both', line('operate', 'bob', 'operates'));
    const { url } = await start({ ...LOCAL, tokenFile: file });
    const status = async (headers: Record<string, string>) => (await ask(`${url}/openapi.json`, { headers })).status;
    expect(await status({ 'x-user': 'dave' })).toBe(200);
    expect(await status(bearer('operates').headers)).toBe(200);
    expect(await status({ ...bearer('wrong').headers, 'x-user': 'carol' })).toBe(401);
    expect(await status({})).toBe(401);
  });

  test.each([
    [{ trustedProxies: ['10.0.0.0/40'] }, '10.0.0.0/40 is no network'],
    [{ trustedProxies: ['10.0.0.0/8'], userHeader: 'Authorization' }, '"authorization" cannot be the header of a user'],
    [{ trustedProxies: ['10.0.0.0/8'], userHeader: 'a b' }, '"a b" cannot be the header of a user'],
  ])('%j: no server starts', async (options, message) => {
    await expect(start(options)).rejects.toMatchObject({ code: 'VF_USAGE', message: expect.stringContaining(message) });
  });
});

test('what others can reach asks who they are', () => {
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'flows.example.com']) {
    const open = { host, tokenFile: null, trustedProxies: [] };
    expect(() => checkAccess(open)).toThrow(expect.objectContaining({ code: 'VF_BIND_REFUSED' }));
    expect(() => checkAccess({ ...open, tokenFile: 'tokens' })).not.toThrow();
    expect(() => checkAccess({ ...open, trustedProxies: ['10.0.0.0/8'] })).not.toThrow();
  }
  expect(() => checkAccess({ host: '::1', tokenFile: null, trustedProxies: [] })).not.toThrow();
});
