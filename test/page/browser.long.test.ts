import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';
import { collect } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import {
  answer,
  httpError,
  type StubUpstream,
  startStubUpstream,
} from '../support/upstream/index.ts';

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium';

/** Folder for pictures; none are made without it: `SCREENSHOTS=docs/images npm run test:long -- page`. */
const { SCREENSHOTS } = process.env;

/** Five targets, of which one refuses connections, one its rate and in the end one its key. */
const damaged = (other: string) => `
defaultModel: gpt-5.4
retryPolicy: { maxAttempts: 1 }
circuitBreaker: { maxWait: 0ms }
budgets:
  - { name: everyone, limit: 2, period: month }
  - { name: per-user, scope: user, limit: 0.01, period: day }
targets:
  backup: { baseUrl: 'http://127.0.0.1:9/v1' }
  azure: { baseUrl: '${other}' }
  eu: { baseUrl: '${other}' }
  local: { baseUrl: '${other}' }
`;

if (!existsSync(CHROMIUM)) {
  it('says that the status page is not looked at', () => {
    process.stderr.write(`The status page was not looked at: there is no ${CHROMIUM}.\n`);
    expect(existsSync(CHROMIUM)).toBe(false);
  });
} else {
  describe('the status page in Chromium', () => {
    let running: RunningApp;
    let other: StubUpstream;
    let browser: Browser;

    beforeAll(async () => {
      other = await startStubUpstream();
      running = await startApp(damaged(other.url));
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
      const { stub, client } = running;
      const ask = (fields: object = {}) =>
        collect(client.provider.stream('SendMessage', aRequest(fields)));
      for (let user = 0; user < 25; user += 1) {
        const usage = { completion_tokens: 20 + 25 * user };
        stub.enqueue(answer({ text: 'hello there', paceMs: 1, usage }));
        await ask({ metadata: { user_id: `u-${user}` } });
      }
      for (let call = 0; call < 5; call += 1)
        await ask({ model: 'backup/gpt-5.4', metadata: { user_id: 'u-1' } });
      for (const model of ['eu/gpt-5.4', 'local/gpt-4o'])
        await ask({ model, metadata: { user_id: 'u-2' } });
      other.enqueue(httpError(429, { headers: { 'retry-after': '3600' } }));
      await ask({ model: 'azure/gpt-5.4-mini', metadata: { user_id: 'u-3' } });
    });
    afterAll(async () => {
      await browser.close();
      await running.stop();
      await other.close();
    });

    it.each([
      ['light', { width: 1200, height: 900 }],
      ['dark', { width: 1200, height: 900 }],
      ['light', { width: 390, height: 844 }],
    ] as const)('is live, whole and quiet: %s, %j', async (colorScheme, viewport) => {
      const page = await browser.newPage({ colorScheme, viewport });
      const wrong: string[] = [];
      page.on('console', (said) => {
        if (said.type() === 'error') wrong.push(said.text());
      });
      page.on('pageerror', (error) => wrong.push(String(error)));
      const away: string[] = [];
      page.on('request', (request) => {
        if (!request.url().startsWith(`http://${running.app.adminAddress}/`))
          away.push(request.url());
      });
      await page.goto(`http://${running.app.adminAddress}/`);
      await page.waitForSelector('body[data-live=yes]');
      expect(await page.locator('#failures tbody tr').count()).toBeGreaterThan(0);
      expect(await page.locator('#traffic figure').count()).toBe(5);
      expect(await page.locator('#budgets h2').textContent()).toMatch(/20 of 26/);

      // What happens now is seen without a reload.
      running.stub.enqueue(httpError(401, { code: 'invalid_api_key' }));
      await collect(
        running.client.provider.stream('SendMessage', aRequest({ metadata: { user_id: 'u-1' } })),
      );
      await page.waitForSelector('#problems li:has-text("API keys")');

      if (SCREENSHOTS !== undefined) {
        const width = viewport.width < 500 ? 'phone' : colorScheme;
        await page.screenshot({ path: `${SCREENSHOTS}/status-${width}.png` });
      }

      // By keyboard to the first failure, and on to what is known of it.
      const link = page.locator('#failures a').first();
      await link.focus();
      const focused = () =>
        page.evaluate<string | null>("document.activeElement.getAttribute('href')");
      const href = await link.getAttribute('href');
      expect(await focused()).toBe(href);
      // Another failure stands above it, and the focus stays where it was.
      const rows = await page.locator('#failures tbody tr').count();
      running.stub.enqueue(httpError(400));
      await collect(
        running.client.provider.stream('SendMessage', aRequest({ metadata: { user_id: 'u-2' } })),
      );
      await page.locator('#failures tbody tr').nth(rows).waitFor();
      expect(await focused()).toBe(href);
      expect(await page.title()).toMatch(/^\(\d+\) Tamma/);
      expect(await page.locator('#facts time').textContent()).toMatch(/^\d+ (s|min)/);
      // Nothing but tables is wider than the screen.
      const overflow = await page.evaluate<number>(
        'document.documentElement.scrollWidth - innerWidth',
      );
      expect(overflow).toBeLessThanOrEqual(0);
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/calls\//);
      expect(await page.locator('pre').textContent()).toContain('"attempts"');
      expect(wrong).toEqual([]);
      expect(away).toEqual([]);
      await page.close();
    });

    it('asks again where there was no room for it', async () => {
      const url = `http://${running.app.adminAddress}/`;
      const others = new AbortController();
      const { signal } = others;
      const ask = () => fetch(`${url}events`, { signal });
      const statuses = await Promise.all(Array.from({ length: 51 }, ask));
      expect(statuses.filter(({ status }) => status === 503)).toHaveLength(1);
      const page = await browser.newPage();
      await page.goto(url);
      await page.waitForSelector('body[data-live=no]');
      others.abort();
      await page.waitForSelector('body[data-live=yes]');
      await page.close();
    });
  });
}
