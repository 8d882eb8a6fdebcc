// The page of the API in a real browser: it obeys its own policy, asks nobody else, and is not wider than a telephone.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { startServer } from '../consumers/query/serving.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { requirement } from '../requirements.ts';

const CHROMIUM = '/usr/bin/chromium';

const available = requirement(`Chromium (${CHROMIUM})`, existsSync(CHROMIUM), 'the page is tested in a browser');

describe.skipIf(!available)('the page at /docs', () => {
  test('is shown without a complaint, and alone', async () => {
    const server = await startServer({ store: new MemoryStore(), clock: new ManualClock(0) });
    const args = ['disable-gpu', 'no-first-run', 'disable-background-networking', 'disable-sync', 'no-sandbox'];
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: args.map((flag) => `--${flag}`) });
    try {
      const page = await browser.newPage({ viewport: { width: 420, height: 800 } });
      const [requests, complaints]: [string[], string[]] = [[], []];
      page.on('request', (request) => requests.push(request.url()));
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      await page.goto(`${server.url}/docs`);
      const link = page.getByRole('link', { name: '/v1/graph', exact: false }).first();
      expect(await link.isVisible()).toBe(false);
      await page.getByText('Contents', { exact: true }).click();
      await link.click();
      expect(await page.getByRole('heading', { name: '/v1/graph' }).first().isVisible()).toBe(true);
      await page.locator('#getV1Graph summary').click();
      expect(await page.locator('#getV1Graph').getByText('VF_BAD_FILTER').first().isVisible()).toBe(true);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(420);
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => !url.startsWith(`${server.url}/`) && !url.startsWith('data:'))).toEqual([]);
      expect(requests.length).toBeGreaterThan(2);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
