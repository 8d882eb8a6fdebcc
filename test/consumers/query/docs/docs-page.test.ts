// The page of the API: every question, parameter and error is on it, and nothing on it comes from elsewhere.
import { expect, test } from 'vitest';
import { docsPage } from '../../../../consumers/query/docs/docs-page.ts';
import { ERRORS } from '../../../../schemas/errors.ts';
import { serving } from '../serving.ts';

const { start } = serving();

test('/docs shows every operation, error and column, and every link of it leads somewhere', async () => {
  const { url } = await start();
  const response = await fetch(`${url}/docs`);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  const page = await response.text();
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
  for (const path of Object.keys(document.paths)) expect(page).toContain(path);
  for (const code of Object.keys(ERRORS)) expect(page).toContain(code);
  expect(page).toContain('pkt_dst_aws_service');
  expect(page).not.toMatch(/<script|style="|onclick|src="http|href="http/);
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link]) => link.replaceAll('&amp;', '&'));
  const tried = links.filter((link) => link.startsWith('/'));
  expect(tried.length).toBeGreaterThan(10);
  for (const link of links.filter((one) => one.startsWith('#'))) expect(ids).toContain(link.slice(1));
  for (const link of new Set(tried)) {
    const answer = await fetch(`${url}${link}`);
    // What was asked is understood, also where the store has nothing to answer with.
    const code = answer.ok ? null : Object((await answer.json()) as object).code;
    expect(['VF_BAD_PARAMETER', 'VF_BAD_FILTER', 'VF_BAD_TIME'], link).not.toContain(code);
    if (answer.ok) await answer.arrayBuffer();
    expect(answer.status, link).toBeLessThan(500);
  }
});

test('what the values of a parameter are is said once', async () => {
  const { url } = await start();
  const page = await (await fetch(`${url}/docs`)).text();
  const rows = [...page.matchAll(/<td class="exact"><code>(top|start)<\/code>[\s\S]*?<\/tr>/g)];
  expect(rows.length).toBeGreaterThan(5);
  for (const [row, name] of rows)
    expect(row.match(name === 'top' ? /1 to 100000/g : /(RFC 3339 or )?now, now-15m/g) ?? [name]).toHaveLength(1);
});

test('a page says nothing that was not escaped', () => {
  const evil = '<script>alert(1)</script>';
  const operation = { operationId: 'x', summary: evil, tags: ['t'], responses: { 200: { description: evil } } };
  const page = docsPage(
    {
      info: { title: evil, description: evil, version: '1' },
      tags: [{ name: 't', description: evil }],
      paths: { '/x': { get: { ...operation, parameters: [{ name: evil, example: evil, description: evil }] } } },
    },
    `http://${evil}`,
  );
  expect(page).not.toContain('<script');
});
