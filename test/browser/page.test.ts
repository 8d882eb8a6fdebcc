// The page in a real browser: it loads, draws, asks nobody else, and its form works.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { QueryServer } from '../../consumers/query/server/server.ts';
import { DirectoryStore } from '../../consumers/shared/store/directory.ts';
import { AFTER, HOSTILE, NETWORK, WINDOW } from '../consumers/query/flow-rows.ts';
import { startServer } from '../consumers/query/serving.ts';
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
    const yesterday = NETWORK.slice(2).map((row) => ({ ...row, minute: '2026-11-19T05:05:00Z' }));
    await putRows(store, 'digests', 'yesterday', yesterday);
    server = await startServer({ store, clock: new ManualClock(AFTER) });
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
    // Of eight edges two are requests and their replies, which are one line.
    expect(await page.locator('.drawing svg g.edge').count()).toBe(7);
    expect(await page.title()).toBe('vpcflow: 2026-11-20 05:00 to 05:15 UTC');
    expect(await page.getByText('Completeness unknown').isVisible()).toBe(true);
    quietAndAlone();
  });

  test('the form asks for another window and grouping', async () => {
    await page.goto(`${server.url}/`);
    await page.getByLabel('From').fill(WINDOW.start);
    await page.getByLabel('To', { exact: true }).fill(WINDOW.stop);
    await page.getByLabel('Group by').fill('interface');
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
    await page.goto(`${server.url}/?start=${WINDOW.start}&stop=${WINDOW.stop}&against=day`);
    const hidden = await page
      .locator('.table')
      .evaluateAll((all) => all.map((one) => one.scrollWidth - one.clientWidth));
    expect(hidden).toEqual([0, 0, 0]);
    for (const table of await page.locator('.table').all())
      expect(await table.getByText('Bytes').first().isVisible()).toBe(true);
    // A drawing that is wider than the screen begins where there is something to be seen.
    const busiest = page.locator('.difference ~ .picture g.node', { hasText: '10.0.10.21' });
    const [box, frame] = [await busiest.boundingBox(), await page.locator('.drawing').last().boundingBox()];
    expect(box?.x).toBeGreaterThanOrEqual(frame?.x ?? 0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((frame?.x ?? 0) + (frame?.width ?? 0));
    quietAndAlone();
  });

  test('a wrong time is told beside the form that still holds it', async () => {
    const response = await page.goto(`${server.url}/?start=yesterday`);
    expect(response?.status()).toBe(400);
    expect(await page.getByRole('alert').textContent()).toContain('"yesterday" is no time');
    expect(await page.getByLabel('From').inputValue()).toBe('yesterday');
    expect(await page.getByLabel('From').getAttribute('aria-invalid')).toBe('true');
  });

  test('a wrong filter is told with the place where it is wrong', async () => {
    await page.goto(`${server.url}/?filter=${encodeURIComponent('port = 443 and <b>x</b>')}`);
    expect(await page.getByLabel('Filter').inputValue()).toBe('port = 443 and <b>x</b>');
    expect(await page.getByLabel('Filter').getAttribute('aria-describedby')).toBe('problem');
    expect(await page.getByRole('alert').locator('mark').textContent()).toBe('<b>x</b>');
  });

  test('a node leads to what it had a part in, by mouse and by keyboard', async () => {
    const window = `start=${WINDOW.start}&stop=${WINDOW.stop}`;
    await page.goto(`${server.url}/?${window}`);
    await page.locator('g.node', { hasText: '10.0.30.41' }).click();
    await page.waitForURL('**&filter=*');
    expect(await page.getByLabel('Filter').inputValue()).toBe('addr = 10.0.30.41');
    expect(await page.locator('g.node').count()).toBe(2);
    await page.goto(`${server.url}/?${window}`);
    await page.locator('g.node a', { hasText: '203.0.113.6' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**&filter=*');
    expect(await page.getByLabel('Filter').inputValue()).toBe('addr = 203.0.113.6');
    quietAndAlone();
  });

  test('compares with another window: what differs is drawn and listed', async () => {
    await page.goto(`${server.url}/?start=${WINDOW.start}&stop=${WINDOW.stop}`);
    await page.getByLabel('Compare with').selectOption('day');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.waitForURL('**against=day*');
    const difference = page.locator('.difference');
    expect(await difference.getByRole('heading').textContent()).toBe('What differs from 2026-11-19 05:00 to 05:15 UTC');
    expect(await difference.locator('svg g.node').count()).toBeGreaterThan(3);
    expect(await difference.locator('tbody tr').count()).toBe(await difference.locator('tbody tr.new').count());
    expect(await difference.locator('tbody').textContent()).toContain('203.0.113.5');
    await difference.locator('g.node', { hasText: '203.0.113.5' }).click();
    await page.waitForURL('**&filter=*');
    expect(await page.getByLabel('Filter').inputValue()).toBe('addr = 203.0.113.5');
    expect(page.url()).toContain('against=day');
    await page.getByLabel('compare incomplete minutes too').check();
    await page.getByRole('button', { name: 'Show' }).click();
    await page.waitForURL('**incomplete=true*');
    expect(await page.getByLabel('compare incomplete minutes too').isChecked()).toBe(true);
    quietAndAlone();
  });

  test('proposes what can stand in the filter while it is typed', async () => {
    await page.goto(`${server.url}/`);
    const proposed = page.waitForResponse((response) => response.url().includes('/v1/filter/complete?text=srca'));
    await page.getByLabel('Filter').pressSequentially('srca');
    await proposed;
    await page.locator('#filters option[value="srcaddr "]').waitFor({ state: 'attached' });
    quietAndAlone();
  });

  test('links to formats of each kind answer', async () => {
    await page.goto(`${server.url}/?start=${WINDOW.start}&stop=${WINDOW.stop}&against=day`);
    const links = page.locator('.formats dd a:last-of-type, .difference .bar a:first-of-type, .series a');
    const addresses = await links.evaluateAll((all) => all.map((one) => one.getAttribute('href') ?? ''));
    expect(addresses.length).toBe(6);
    for (const address of addresses)
      expect([address, (await fetch(`${server.url}${address}`)).status]).toEqual([address, 200]);
  });

  test('without scripts the form, the drawing, the chart and the tables are there', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const plain = await context.newPage();
    await plain.goto(`${server.url}/`);
    await plain.getByLabel('Group by').fill('cidr16');
    await plain.getByRole('button', { name: 'Show' }).click();
    await plain.waitForURL('**group=cidr16*');
    expect(await plain.locator('.drawing g.node', { hasText: '10.0.0.0/16' }).count()).toBe(1);
    expect(await plain.locator('.series svg g').count()).toBe(15);
    expect(await plain.locator('tbody tr').count()).toBeGreaterThan(3);
    expect(await plain.locator('.zoom:visible').count()).toBe(0);
    await context.close();
  });
});
