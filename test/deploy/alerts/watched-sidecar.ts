import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROWS } from '../../../scripts/monitoring/panels.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { collect } from '../../support/grpc-client.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { type Relay, startRelay } from '../../support/relay.ts';
import { API_KEY, aRequest, type RunningApp, startApp } from '../../support/running-app.ts';
import { SmallDisk } from '../../support/small-disk.ts';
import type { StubUpstream } from '../../support/upstream/index.ts';
import type { Fault } from './faults.ts';
import { RULES } from './promtool.ts';
import { ScrapedSeries } from './scraped-series.ts';

const OTHER_KEY = 'sk-other-0123456789abcdef';

const CONFIG = `
allowReload: true
defaultModel: gpt-5.4
retryPolicy: { maxAttempts: 1 }
circuitBreaker: { maxWait: 0ms }
`;

/** What no query asks for need not be kept. */
const QUERIES = readFileSync(RULES, 'utf8') + JSON.stringify(ROWS);

const MINUTE_MS = 60_000;
const CONFIG_FILE = 'config.yaml';

/** A sidecar, scraped as if there was a minute between two scrapes, before and while it has a fault. */
export class WatchedSidecar {
  readonly series: ScrapedSeries;
  readonly #running: RunningApp;
  readonly #clock: FakeClock | undefined;
  readonly #directory: string;
  readonly #redis: RedisServer | undefined;
  readonly #relay: Relay | undefined;
  readonly #disk: SmallDisk | undefined;
  #lock: DatabaseSync | undefined;
  /** Requests that the upstream had when the last calls were made. */
  #before = 0;

  private constructor(
    fault: Fault,
    parts: {
      readonly running: RunningApp;
      readonly clock: FakeClock | undefined;
      readonly directory: string;
      readonly redis: RedisServer | undefined;
      readonly relay: Relay | undefined;
      readonly disk: SmallDisk | undefined;
    },
  ) {
    this.series = new ScrapedSeries(fault.name, (name) => QUERIES.includes(name));
    this.#running = parts.running;
    this.#clock = parts.clock;
    this.#directory = parts.directory;
    this.#redis = parts.redis;
    this.#relay = parts.relay;
    this.#disk = parts.disk;
  }

  static async start(fault: Fault): Promise<WatchedSidecar> {
    const { config = '', stepped, diskMebibytes } = fault;
    const disk = diskMebibytes === undefined ? undefined : SmallDisk.mount(diskMebibytes);
    const directory = mkdtempSync(join(disk?.path ?? tmpdir(), 'watched-'));
    const redis = config.includes('redis') ? await RedisServer.start() : undefined;
    const relay = redis && (await startRelay(redis.port));
    const clock = stepped && new FakeClock();
    const yaml = [
      `${CONFIG}dataDir: ${directory}`,
      config,
      relay === undefined ? '' : `redis: { url: 'redis://127.0.0.1:${relay.port}', timeout: 2s }`,
    ].join('\n');
    const configPath = join(directory, CONFIG_FILE);
    writeFileSync(configPath, yaml);
    const running = await startApp(yaml, { OTHER_KEY }, clock, configPath);
    running.stub.setApiKeys(API_KEY, OTHER_KEY);
    const sidecar = new WatchedSidecar(fault, {
      running,
      clock,
      directory,
      redis,
      relay,
      disk,
    });
    if (redis !== undefined) {
      while (!(await sidecar.#metrics())?.includes('shared_store_outage_ratio 0')) await sleep(5);
    }
    return sidecar;
  }

  get upstream(): StubUpstream {
    return this.#running.stub;
  }

  /** Makes calls, and waits until they have ended, however. */
  async ask(count: number, fields: object = {}): Promise<void> {
    this.#before = this.upstream.requests.length;
    const { provider } = this.#running.client;
    const one = () => collect(provider.stream('SendMessage', aRequest(fields)));
    await Promise.all(Array.from({ length: count }, one));
  }

  /** Until the upstream has so many requests of the calls that were made last. */
  async requests(count: number): Promise<void> {
    while (this.upstream.requests.length < this.#before + count) await sleep(1);
  }

  pass(ms: number): void {
    this.#clock?.advance(ms);
  }

  async scrape(): Promise<void> {
    this.pass(MINUTE_MS);
    this.series.note(await this.#metrics());
  }

  async stop(): Promise<void> {
    await this.#running.app.stop();
  }

  /** As another program would that has the database open. */
  lockLedger(): void {
    this.#lock = new DatabaseSync(join(this.#directory, 'ledger.sqlite'));
    this.#lock.exec('BEGIN EXCLUSIVE');
  }

  /** From now on it takes so long, in ms, from here to Redis and as long back. */
  slowRedis(delayMs: number): void {
    if (this.#relay) this.#relay.delayMs = delayMs;
  }

  /** Adds to the configuration, and has it read again, whatever comes of it. */
  async reconfigure(yaml: string): Promise<void> {
    appendFileSync(join(this.#directory, CONFIG_FILE), `\n${yaml}`);
    await this.#running.client.provider.unary('ReloadConfig').catch(() => {});
  }

  fillDisk(leftBytes: number): void {
    this.#disk?.fill(leftBytes);
  }

  async killRedis(): Promise<void> {
    await this.#redis?.kill();
  }

  async close(): Promise<void> {
    this.#lock?.close();
    await this.#running.stop();
    await this.#relay?.close();
    await this.#redis?.stop();
    rmSync(this.#directory, { recursive: true, force: true });
    this.#disk?.unmount();
  }

  async #metrics(): Promise<string | undefined> {
    try {
      return await (await fetch(`http://${this.#running.app.adminAddress}/metrics`)).text();
    } catch {
      return undefined;
    }
  }
}
