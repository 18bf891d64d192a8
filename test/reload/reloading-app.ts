import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { connect, type GrpcClient } from '../support/grpc-client.ts';
import { API_KEY } from '../support/running-app.ts';
import { LogRecorder } from '../support/running-server.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';

export interface ReloadingApp {
  readonly app: App;
  readonly stub: StubUpstream;
  readonly client: GrpcClient;
  /** Of the gRPC server. */
  readonly address: string;
  readonly log: LogRecorder;
  /** For further files. */
  readonly directory: string;
  /** Puts another configuration file in the place of the one before. */
  write(yaml: string): void;
  /** The same, and has it read. */
  reload(yaml: string): Promise<Reloaded>;
  stop(): Promise<void>;
}

export interface Reloaded {
  readonly configRevision: string;
  readonly changed: readonly string[];
  readonly needsRestart: readonly string[];
}

/** The whole sidecar in this process with a configuration file that may be written again. */
export async function startReloadingApp(
  yaml: string,
  clock: Clock = systemClock,
): Promise<ReloadingApp> {
  const stub = await startStubUpstream({ apiKey: API_KEY });
  const directory = mkdtempSync(join(tmpdir(), 'reload-'));
  const configPath = join(directory, 'config.yaml');
  const write = (text: string) => {
    writeFileSync(`${configPath}.new`, `allowReload: true\n${text}`);
    renameSync(`${configPath}.new`, configPath);
  };
  write(yaml);
  const environment = {
    OPENAI_API_KEY: API_KEY,
    OPENAI_BASE_URL: stub.url,
    TAMMA_LISTEN: '127.0.0.1:0',
    TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
  };
  const sources = {
    environment,
    configPath,
    readFile: (path: string) => readFileSync(path, 'utf8'),
  };
  const log = new LogRecorder();
  const config = loadConfig(sources);
  const logger = createLogger({ level: config.logLevel, destination: log });
  const app = createApp(config, { version: '1.2.3', logger, clock, sources });
  const [address = ''] = await app.start();
  const client = connect(address);
  return {
    app,
    stub,
    client,
    address,
    log,
    directory,
    write,
    async reload(text) {
      write(text);
      const answer = await client.provider.unary('ReloadConfig');
      return answer as unknown as Reloaded;
    },
    async stop() {
      client.close();
      await app.stop();
      await stub.close();
      rmSync(directory, { recursive: true });
    },
  };
}
