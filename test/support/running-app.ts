import { readFileSync } from 'node:fs';
import { type App, createApp } from '../../src/app.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { load } from './config.ts';
import { connect, type GrpcClient } from './grpc-client.ts';
import { LogRecorder } from './running-server.ts';
import { type StubUpstream, startStubUpstream } from './upstream/index.ts';

export const API_KEY = 'sk-test-0123456789abcdef';

export interface RunningApp {
  readonly app: App;
  readonly stub: StubUpstream;
  readonly addresses: readonly string[];
  readonly client: GrpcClient;
  readonly log: LogRecorder;
  /** Stops the app and starts another, with the same stub. Resolves with a client of that one. */
  restart(): Promise<GrpcClient>;
  /** Stops app and stub. Rejects if a behaviour of the stub threw. */
  stop(): Promise<void>;
}

/**
 * The whole sidecar in this process, on free ports, with a stub as its upstream.
 *
 * @param yaml a configuration file that goes on top of this.
 * @param clock of the app and the stub's records. Default: the system's.
 * @param configPath where the configuration stands, to be read again. Default: nowhere.
 */
export async function startApp(
  yaml = '',
  environment: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
  configPath?: string,
): Promise<RunningApp> {
  const stub = await startStubUpstream({ apiKey: API_KEY, now: () => clock.now() });
  try {
    return await startWith(stub, yaml, environment, clock, configPath);
  } catch (error) {
    // It would keep jest from ending.
    await stub.close();
    throw error;
  }
}

async function startWith(
  stub: StubUpstream,
  yaml: string,
  environment: Readonly<Record<string, string>>,
  clock: Clock,
  configPath: string | undefined,
): Promise<RunningApp> {
  const log = new LogRecorder();
  const variables = {
    OPENAI_API_KEY: API_KEY,
    OPENAI_BASE_URL: stub.url,
    TAMMA_LISTEN: '127.0.0.1:0',
    TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
    ...environment,
  };
  const config = load(yaml, variables);
  const readFile = (path: string) => readFileSync(path, 'utf8');
  const sources = configPath !== undefined && {
    sources: { environment: variables, configPath, readFile },
  };
  const logger = createLogger({ level: config.logLevel, destination: log });
  const start = async () => {
    const app = createApp(config, { version: '1.2.3', logger, clock, ...sources });
    const addresses = await app.start();
    // Some tests send more than the 4 MB that a client takes by default.
    const client = connect(addresses[0] ?? '', { 'grpc.max_receive_message_length': -1 });
    const stop = async () => {
      client.close();
      await app.stop();
    };
    return { app, addresses, client, stop };
  };
  const first = await start();
  let last = first;
  return {
    ...first,
    stub,
    log,
    async restart() {
      await last.stop();
      last = await start();
      return last.client;
    },
    async stop() {
      await last.stop();
      await stub.close();
    },
  };
}

/** A prompt, with further fields of the request. */
export function aRequest(fields: object = {}) {
  return { request: { messages: [{ role: 'ROLE_USER', content: 'Say hello' }], ...fields } };
}
