import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { createApp } from '../src/app.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { load } from './support/config.ts';
import { LogRecorder } from './support/running-server.ts';

function anApp(environment: Readonly<Record<string, string>>) {
  const config = load('', {
    OPENAI_API_KEY: 'sk-test-0123456789',
    TAMMA_LISTEN: '127.0.0.1:0',
    TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
    ...environment,
  });
  const logger = createLogger({ level: 'info', destination: new LogRecorder() });
  return createApp(config, { version: '1.2.3', logger });
}

async function takenPort() {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, free: () => server.close() };
}

describe('the application', () => {
  it.each([
    ['TAMMA_LISTEN', 'listen'],
    ['TAMMA_ADMIN_LISTEN', 'adminListen'],
    ['TAMMA_HEALTH_LISTEN', 'healthListen'],
    ['TAMMA_METRICS_LISTEN', 'metricsListen'],
  ])(
    'does not start if the address in %s is taken, names the key, and leaves nothing behind',
    async (variable, key) => {
      const taken = await takenPort();
      const app = anApp({ [variable]: taken.address });
      await expect(app.start()).rejects.toThrow(
        new RegExp(`^${key}: .*${taken.address.split(':')[1]}`),
      );
      await app.stopped;
      taken.free();
    },
  );

  it('tells its addresses, and whether it is ready, and stops once', async () => {
    const app = anApp({});
    expect(app.adminAddress).toBe('');
    const [address] = await app.start();
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    const page = async (path: string) => (await fetch(`http://${app.adminAddress}${path}`)).status;
    expect(await page('/readyz')).toBe(200);
    expect(await page('/status.json')).toBe(200);
    expect(app.stop()).toBe(app.stop());
    await app.stopped;
  });

  it('has listeners for probes and scrapers, if they are configured', async () => {
    const any = '127.0.0.1:0';
    const app = anApp({ TAMMA_HEALTH_LISTEN: any, TAMMA_METRICS_LISTEN: any });
    await app.start();
    const [admin, health, metrics] = app.adminAddresses;
    expect(admin).toBe(app.adminAddress);
    const answers = (address = '', path = '') =>
      fetch(`http://${address}${path}`).then(({ status }) => status);
    expect(await answers(health, '/readyz')).toBe(200);
    expect(await answers(health, '/metrics')).toBe(404);
    expect(await answers(metrics, '/metrics')).toBe(200);
    await app.stop();
  });

  it('logs to standard error unless told otherwise', async () => {
    const config = load('logLevel: silent', { OPENAI_API_KEY: 'sk-test-0123456789' });
    const app = createApp(config, { version: '1.2.3' });
    expect(app.logger.level).toBe('silent');
    await app.stop();
  });
});
