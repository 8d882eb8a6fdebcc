// What the query server refuses: foreign hosts and origins, public addresses, taken ports.
import { describe, expect, test } from 'vitest';
import { mountsOf } from '../../../../pipeline/predecessor/mounts.ts';
import { HOUR, serving } from '../serving.ts';
import { ask } from './raw-request.ts';

const { start } = serving();

describe('safety', () => {
  test.each([
    [{ host: 'evil.example' }, 403],
    [{ host: 'localhost.evil.example:80' }, 403],
    [{ host: '10.0.0.1' }, 403],
    [{ host: '127.0.0.1.evil.example' }, 403],
    [{ host: '127.0.0.999' }, 403],
    [{ host: 'localhost' }, 200],
    [{ host: '[::1]:9090' }, 200],
    [{ host: '127.0.0.1:1', origin: 'http://127.0.0.1:1' }, 200],
    [{ host: '127.0.0.1:1', origin: 'http://127.0.0.1:2' }, 403],
    [{ host: 'localhost:1', origin: 'https://localhost:1' }, 403],
    [{ host: 'localhost', origin: 'null' }, 403],
  ])('%j is %i, also for routes that do not exist', async (headers, status) => {
    const { url } = await start();
    expect((await ask(`${url}/healthz`, { headers })).status).toBe(status);
    expect((await ask(`${url}/nowhere`, { headers })).status).toBe(status === 200 ? 404 : 403);
  });

  test('every answer has the security headers', async () => {
    const { url } = await start();
    for (const path of ['/healthz', '/nowhere', `/v1/rows?${HOUR}`]) {
      const response = await fetch(url + path);
      await response.text();
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('x-frame-options')).toBe('DENY');
    }
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', 'example.com', '128.0.0.1'])('does not bind to %s', async (host) => {
    await expect(start({ host })).rejects.toMatchObject({ code: 'VF_BIND_REFUSED' });
  });

  test('no path that the server has is one for the predecessors', async () => {
    const { url } = await start();
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { readonly paths: object };
    const own = Object.keys(paths).filter((path) => !['/', '/digest', '/graph'].includes(path));
    expect(own).toContain('/jobs');
    for (const path of [...own, '/docs', '/docs.css', '/page.css', '/form.css', '/picture.css', '/page.js'])
      expect(() => mountsOf({ digest: path, graph: null })).toThrow(expect.objectContaining({ code: 'VF_USAGE' }));
  });

  test('a taken port is VF_PORT_IN_USE', async () => {
    const { url } = await start();
    await expect(start({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'VF_PORT_IN_USE' });
  });
});
