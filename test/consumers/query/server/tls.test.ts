// HTTPS: a certificate and its key from two files, what is wrong with them, and a renewal while the server runs.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import { beforeAll, expect, test } from 'vitest';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { NOW } from '../golden-store.ts';
import { serving } from '../serving.ts';
import { ENCRYPTED_KEY, FIRST, SECOND } from './certificates.ts';
import { ask, type RawAnswer } from './raw-request.ts';

const { start, path } = serving();

const write = async (name: string, content: string): Promise<string> => {
  await writeFile(path(name), content, { mode: 0o600 });
  return path(name);
};
let tls: { certificate: string; key: string };
beforeAll(async () => {
  tls = { certificate: await write('cert.pem', FIRST.certificate), key: await write('key.pem', FIRST.key) };
});

const get = (url: string, ca: string): Promise<RawAnswer> => ask(url, { ca });

test('answers by HTTPS only, TLS 1.2 and later, and says to come back that way', async () => {
  const { url } = await start({ tls });
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const { status, headers } = await get(`${url}/healthz`, FIRST.certificate);
  expect([status, headers['strict-transport-security']]).toEqual([200, 'max-age=31536000']);
  await expect(get(`${url}/healthz`, SECOND.certificate)).rejects.toThrow(/self-signed certificate/);
  await expect(fetch(`${url.replace('https', 'http')}/healthz`)).rejects.toThrow();
  const old = connect({
    port: Number(new URL(url).port),
    host: '127.0.0.1',
    ca: FIRST.certificate,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
  });
  const [error] = await once(old, 'error');
  expect(String(error)).toMatch(/protocol|alert/i);
});

test('a page of the server itself comes by HTTPS too', async () => {
  const { url } = await start({ tls });
  const { host } = new URL(url);
  const status = async (origin: string): Promise<number> =>
    (await ask(`${url}/healthz`, { ca: FIRST.certificate, headers: { origin } })).status;
  expect(await Promise.all([`https://${host}`, `http://${host}`].map(status))).toEqual([200, 403]);
});

test('a renewed certificate is taken without a restart, once both files are there', async () => {
  const clock = new ManualClock(NOW);
  const said: string[] = [];
  const pair = {
    certificate: await write('renewed.pem', FIRST.certificate),
    key: await write('renewed.key', FIRST.key),
  };
  const { url, reload } = await start({
    tls: pair,
    clock,
    log: { write: (text) => void said.push(JSON.parse(text).msg) },
  });
  await write('renewed.pem', SECOND.certificate);
  await reload();
  expect((await get(`${url}/healthz`, FIRST.certificate)).status).toBe(200);
  await write('renewed.key', SECOND.key);
  await clock.advance(10_000);
  await expect.poll(() => get(`${url}/healthz`, SECOND.certificate).then(({ status }) => status, String)).toBe(200);
  await expect(get(`${url}/healthz`, FIRST.certificate)).rejects.toThrow(/self-signed certificate/);
  expect(said.filter((text) => text !== 'request')).toEqual([
    expect.stringMatching(/is not that of the certificate .*; the certificate and its key stay as they were$/),
    'the certificate and its key were read again',
  ]);
});

test.each([
  ['a key of another certificate', FIRST.certificate, SECOND.key, 'VF_USAGE', /is not that of the certificate/],
  ['a key with a passphrase', SECOND.certificate, ENCRYPTED_KEY, 'VF_USAGE', /without a passphrase/],
  ['no key', FIRST.certificate, 'nothing', 'VF_USAGE', /holds no PEM key/],
  ['no certificate', FIRST.key, FIRST.key, 'VF_USAGE', /holds no PEM certificate/],
])('%s: no server starts, and the key is not told', async (_, certificate, key, code, message) => {
  const pair = { certificate: await write('wrong.pem', certificate), key: await write('wrong.key', key) };
  await expect(start({ tls: pair })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  await expect(start({ tls: pair })).rejects.toThrow(
    expect.not.objectContaining({ message: expect.stringContaining(key) }),
  );
});

test('a file that is not there', async () => {
  const missing = { ...tls, key: path('none') };
  await expect(start({ tls: missing })).rejects.toMatchObject({ code: 'VF_SOURCE_UNREADABLE' });
});
