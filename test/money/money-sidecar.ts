import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { GrpcConnection } from '../../bench/grpc-connection.ts';
import { type Sidecar, startSidecar } from '../../bench/sidecar.ts';
import { connect, type GrpcClient, type WireMessage } from '../support/grpc-client.ts';

/** A real sidecar, in a process of its own. */
export interface MoneySidecar extends Pick<Sidecar, 'pid' | 'metrics' | 'stop' | 'kill'> {
  readonly client: GrpcClient;
  /** For the calls of a storm. */
  readonly connections: readonly GrpcConnection[];
  /** Waits until no call runs: one that its caller left ends a little later here. */
  settle(): Promise<void>;
}

const CONNECTIONS = 4;

/**
 * Where sidecars keep their money, one after the other. Breaker and rate limits are off, and retries
 * are quick: they are tested elsewhere, and what is counted here would be refusals.
 */
export class MoneyHouse {
  readonly #upstream: string;
  readonly #path = mkdtempSync(join(tmpdir(), 'money-'));
  readonly #running = new Set<MoneySidecar>();

  /**
   * @param upstream URL
   * @param budgets YAML of the configuration's `costManagement` and `budgets`
   */
  constructor(upstream: string, budgets = '') {
    this.#upstream = upstream;
    writeFileSync(this.#configPath, `${CONFIG}\n${budgets}\n`);
  }

  get environment(): Readonly<Record<string, string>> {
    return {
      OPENAI_API_KEY: 'money',
      OPENAI_BASE_URL: this.#upstream,
      TAMMA_LISTEN: '127.0.0.1:0',
      TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
      TAMMA_CONFIG: this.#configPath,
      TAMMA_DATA_DIR: this.#dataPath,
    };
  }

  async start(): Promise<MoneySidecar> {
    const { environment } = this;
    const sidecar = await startSidecar({ upstream: this.#upstream, environment });
    const client = connect(sidecar.address, { 'grpc.use_local_subchannel_pool': 1 });
    const { address } = sidecar;
    const connections = Array.from({ length: CONNECTIONS }, () => new GrpcConnection(address));
    const leave = (): void => {
      this.#running.delete(running);
      for (const one of [client, ...connections]) one.close();
    };
    const running: MoneySidecar = {
      pid: sidecar.pid,
      client,
      connections,
      metrics: sidecar.metrics,
      settle: () => untilIdle(client),
      async stop() {
        leave();
        await sidecar.stop();
      },
      async kill() {
        // Calls are under way to its end: it must not see them cancelled.
        await sidecar.kill();
        leave();
      },
    };
    this.#running.add(running);
    return running;
  }

  /** What `ledger` exports, as an operator would see it. */
  async exportLedger(): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, ['src/main.ts', 'ledger'], {
      env: { ...this.environment },
      maxBuffer: 2 ** 30,
    });
    return stdout;
  }

  /** Leaves nothing, whatever still runs. */
  async close(): Promise<void> {
    for (const sidecar of this.#running) await sidecar.kill();
    rmSync(this.#path, { recursive: true });
  }

  get #configPath(): string {
    return join(this.#path, 'config.yaml');
  }

  get #dataPath(): string {
    return join(this.#path, 'data');
  }
}

async function untilIdle({ provider }: GrpcClient): Promise<void> {
  for (;;) {
    const { status } = await provider.unary('GetStatus');
    if ((status as WireMessage).activeCalls === 0) return;
    await sleep(20);
  }
}

const CONFIG = `
defaultModel: gpt-4o
timeouts: { idle: 1s }
retryPolicy: { baseDelay: 20ms, maxDelay: 100ms, budget: { ratio: 1 } }
circuitBreaker: { enabled: false }
rateLimiting: { enabled: false }
limits: { maxConcurrentStreams: 4000 }
overload: { maxEventLoopDelay: 30s }
`;
