import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Sidecar, startSidecar } from '../../../bench/sidecar.ts';
import { nanos } from '../../money/dollars.ts';
import { type LedgerRow, recordsIn } from '../../money/records.ts';
import { holdClosedPort } from '../../support/closed-port.ts';
import { connect, type GrpcClient, type WireMessage } from '../../support/grpc-client.ts';
import type { Version } from './version-before.ts';

/**
 * At an address that other machines reach, as behind a Service. Breaker and rate limits are off: the upstream's
 * refusals are part of the load.
 */
const CONFIG = `
listen: [{ address: "0.0.0.0:PORT", insecure: true }]
defaultModel: gpt-4o
store: redis
retryPolicy: { baseDelay: 20ms, maxDelay: 100ms, budget: { ratio: 1 } }
circuitBreaker: { enabled: false }
rateLimiting: { enabled: false }
overload: { maxEventLoopDelay: 30s }
`;

export interface PlacesOptions {
  readonly upstream: string;
  readonly redis: string;
  /** YAML of the configuration's `budgets`. */
  readonly budgets: string;
}

/** What a sidecar says of all. */
export interface Told {
  readonly attempts: number;
  /** Nano-dollars. */
  readonly cost: bigint;
}

interface Life {
  readonly version: Version;
  readonly sidecar: Sidecar;
  readonly dataDir: string;
}

/** Three sidecars at addresses that stay, each a Pod's: what comes in its place begins with an empty volume. */
export class Places {
  /** For a gRPC client. */
  readonly target: string;
  /** Records of those that have ended. */
  readonly rows: LedgerRow[] = [];
  /** Processes that were started. */
  lives = 0;
  /** Calls that ran at a sidecar when it was told to end. */
  drained = 0;
  readonly #options: PlacesOptions;
  readonly #ports: readonly number[];
  readonly #running = new Map<number, Life>();
  readonly #directory = mkdtempSync(join(tmpdir(), 'rolling-'));

  static async open(options: PlacesOptions): Promise<Places> {
    const held = await Promise.all([1, 2, 3].map(() => holdClosedPort()));
    await Promise.all(held.map((port) => port.release()));
    return new Places(
      options,
      held.map(({ port }) => port),
    );
  }

  private constructor(options: PlacesOptions, ports: readonly number[]) {
    this.#options = options;
    this.#ports = ports;
    this.target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`;
  }

  /** In all places, as a new Deployment has it. */
  async fill(version: Version): Promise<void> {
    await Promise.all(this.#ports.map((port) => this.#start(port, version)));
  }

  /** One after the other, each drained before the next comes; `then` is waited for after each. */
  async roll(version: Version, then: () => Promise<void>): Promise<void> {
    for (const port of this.#ports) {
      await this.#drain(port);
      await this.#start(port, version);
      await then();
    }
  }

  /** Which versions serve, as they say. */
  async versions(): Promise<readonly string[]> {
    const statuses = await Promise.all([...this.#running.keys()].map((port) => statusAt(port)));
    return statuses.map(({ version }) => String(version));
  }

  /** GetUsage at each address, once it knows of so many attempts that cost something: totals are sent every two seconds. */
  told(attempts: number): Promise<readonly Told[]> {
    return Promise.all([...this.#running.keys()].map((port) => toldAt(port, attempts)));
  }

  /** The last of each, drained. */
  async empty(): Promise<void> {
    for (const port of [...this.#running.keys()]) await this.#drain(port);
  }

  /** Leaves nothing, whatever still runs. */
  async close(): Promise<void> {
    for (const { sidecar } of this.#running.values()) await sidecar.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #start(port: number, version: Version): Promise<void> {
    const { upstream, redis } = this.#options;
    const config = join(this.#directory, `config-${port}.yaml`);
    writeFileSync(config, `${CONFIG.replace('PORT', `${port}`)}\n${this.#options.budgets}\n`);
    const dataDir = join(this.#directory, `data-${this.lives++}`);
    const sidecar = await startSidecar({
      upstream,
      entry: version.entry,
      environment: {
        TAMMA_LISTEN: '',
        TAMMA_CONFIG: config,
        TAMMA_DATA_DIR: dataDir,
        TAMMA_REDIS_URL: redis,
      },
    });
    this.#running.set(port, { version, sidecar, dataDir });
  }

  async #drain(port: number): Promise<void> {
    const life = this.#running.get(port);
    if (life === undefined) throw new Error(`nothing runs on ${port}`);
    this.drained += Number((await statusAt(port)).activeCalls);
    await life.sidecar.stop();
    this.#running.delete(port);
    this.rows.push(...recordsIn(await exported(life)));
  }
}

/** Its ledger, as the version that wrote it exports it. */
async function exported({ version, dataDir }: Life): Promise<string> {
  const args = [version.entry, 'ledger', '--directory', dataDir];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 });
  return stdout;
}

async function toldAt(port: number, attempts: number): Promise<Told> {
  for (;;) {
    const { total } = await ask(port, ({ usage }) => usage.unary('GetUsage'));
    const told = total as WireMessage;
    const cost = nanos((told.cost as WireMessage | null)?.total);
    if (Number(told.attempts) >= attempts) return { attempts: Number(told.attempts), cost };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function statusAt(port: number): Promise<WireMessage> {
  return (await ask(port, ({ provider }) => provider.unary('GetStatus'))).status as WireMessage;
}

async function ask(
  port: number,
  what: (client: GrpcClient) => Promise<WireMessage>,
): Promise<WireMessage> {
  const client = connect(`127.0.0.1:${port}`, { 'grpc.use_local_subchannel_pool': 1 });
  try {
    return await what(client);
  } finally {
    client.close();
  }
}
