import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../src/app.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { load } from '../support/config.ts';
import { connect, type GrpcClient } from '../support/grpc-client.ts';
import { LogRecorder } from '../support/running-server.ts';

/** Dollars, over all that is asked. */
export const LIMIT = 0.1;

export interface LiveApp {
  readonly client: GrpcClient;
  /** Dollars so far, as the ledger has them. */
  spent(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * One asked over Chat Completions. Only at OpenAI does the sidecar choose the API by the model; elsewhere a
 * target says which it is.
 */
export const CHAT_MODEL = process.env.OPENAI_BASE_URL ? 'chat/gpt-4o-mini' : 'gpt-4o-mini';

const elsewhere = (baseUrl: string): string => `
api: responses
targets: { chat: { baseUrl: "${baseUrl}", api: chat_completions, keys: [{ file: key }] } }`;

/** The sidecar before OpenAI itself, with a budget that ends it. */
export async function startLive(): Promise<LiveApp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'live-'));
  const { OPENAI_API_KEY = '', OPENAI_BASE_URL } = process.env;
  const config = load(
    `
dataDir: ${dataDir}
budgets: [{ name: live, scope: all, limit: "${LIMIT}", period: total }]
hostedTools: { allow: [web_search] }
${OPENAI_BASE_URL ? elsewhere(OPENAI_BASE_URL) : ''}`,
    {
      OPENAI_API_KEY,
      ...(OPENAI_BASE_URL && { OPENAI_BASE_URL }),
      TAMMA_LISTEN: '127.0.0.1:0',
      TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
    },
    { key: OPENAI_API_KEY },
  );
  const logger = createLogger({ level: 'warn', destination: new LogRecorder() });
  const app = createApp(config, { version: '0.0.0', logger, clock: systemClock });
  const [address = ''] = await app.start();
  const client = connect(address, { 'grpc.max_receive_message_length': -1 });
  return {
    client,
    async spent() {
      const { total } = await client.usage.unary('GetUsage', {});
      return (total as { cost?: { usd?: string } } | undefined)?.cost?.usd ?? '0';
    },
    async stop() {
      client.close();
      await app.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
