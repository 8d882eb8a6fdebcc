// The page in a real browser: it loads, draws, asks nobody else, and its form works.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type QueryServer, startQueryServer } from '../../consumers/query/server/server.ts';
import { DirectoryStore } from '../../consumers/shared/store/directory.ts';
import { AFTER, HOSTILE, NETWORK, WINDOW } from '../consumers/query/flow-rows.ts';
import { putRows } from '../consumers/query/store-of-rows.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { requirement } from '../requirements.ts';

const CHROMIUM = '/usr/bin/chromium';
const QUIET = ['disable-gpu', 'no-first-run', 'disable-background-networking', 'disable-component-update'];

const available = requirement(`Chromium (${CHROMIUM})`, existsSync(CHROMIUM), 'the page is tested in a browser');

describe.skipIf(!available)('the page at /', () => {
  let directory: string;
  let browser: Browser;
  let page: Page;
  let server: QueryServer;
  let requests: string[];
  let complaints: string[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vpcflow-browser-'));
    const store = new DirectoryStore(join(directory, 'store'));
    await putRows(store, 'digests', 'network', NETWORK);
    await putRows(store, 'digests', 'hostile', HOSTILE);
    server = await startQueryServer({ store, clock: new ManualClock(AFTER), port: 0 });
    const args = [...QUIET, 'disable-sync', 'no-sandbox'].map((flag) => `--${flag}`);
    browser = await chromium.launch({ executablePath: CHROMIUM, args });
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    requests = [];
    complaints = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  });
  afterEach(() => page.close());

  const quietAndAlone = (): void => {
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(`${server.url}/`) && !url.startsWith('data:'))).toEqual([]);
  };

  test('loads, draws the graph and runs nothing that a log brought', async () => {
    await page.goto(`${server.url}/`);
    await page.locator('.drawing svg g.node').first().waitFor();
    expect(await page.locator('.drawing svg g.node').count()).toBe(10);
    expect(await page.locator('.drawing svg g.edge').count()).toBe(8);
    expect(await page.title()).toBe('vpcflow: 2026-11-20 05:00 to 05:15 UTC');
    expect(await page.getByText('Completeness unknown').isVisible()).toBe(true);
    quietAndAlone();
  });

  test('the form asks for another window and grouping', async () => {
    await page.goto(`${server.url}/`);
    await page.getByLabel('From').fill(WINDOW.start);
    await page.getByLabel('To', { exact: true }).fill(WINDOW.stop);
    await page.getByLabel('Group by').selectOption('interface');
    await page.getByLabel('Top').fill('3');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.waitForURL('**/?start=*');
    expect(await page.locator('g.node text').allTextContents()).toEqual(
      expect.arrayContaining(['eni-web', 'eni-app', '+7 others']),
    );
    expect(await page.getByLabel('Group by').inputValue()).toBe('interface');
    quietAndAlone();
  });

  test('the drawing zooms, and a node under the pointer stands out with its edges', async () => {
    await page.goto(`${server.url}/?start=${WINDOW.start}&stop=${WINDOW.stop}`);
    const drawing = page.locator('.drawing svg');
    const before = await drawing.evaluate((svg) => svg.getBoundingClientRect().width);
    await page.getByRole('button', { name: 'Larger' }).click();
    expect(await drawing.evaluate((svg) => svg.getBoundingClientRect().width)).toBeCloseTo(before * 1.25, 0);
    await page.getByRole('button', { name: 'Fit' }).click();
    await page.locator('g.node', { hasText: '10.0.30.41' }).hover();
    expect(await page.locator('g.edge:not(.dim)').count()).toBe(1);
    expect(await page.locator('g.node:not(.dim)').count()).toBe(2);
    quietAndAlone();
  });

  test('on a phone nothing is wider than the screen', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${server.url}/`);
    await page.locator('.drawing svg').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await page.getByRole('button', { name: 'Show' }).isVisible()).toBe(true);
    quietAndAlone();
  });

  test('a wrong time is told beside the form that still holds it', async () => {
    const response = await page.goto(`${server.url}/?start=yesterday`);
    expect(response?.status()).toBe(400);
    expect(await page.getByRole('alert').textContent()).toContain('"yesterday" is no time');
    expect(await page.getByLabel('From').inputValue()).toBe('yesterday');
  });
});
