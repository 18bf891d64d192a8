import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from '@jest/globals';
import { collect, type GrpcClient, type WireMessage } from '../support/grpc-client.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import type { BatchBehaviour } from '../support/upstream/index.ts';

/** So that nothing has to be waited for, unless a test says otherwise. */
const QUICK = { pollInterval: '10ms', maxPollInterval: '50ms', lookFor: '100ms' };

/** Those that run, by what they were started with. */
const running = new Map<string, RunningBatches>();

afterEach(() => {
  for (const { stub } of running.values()) stub.batches.reset();
});

afterAll(async () => {
  for (const app of running.values()) {
    await app.stop();
    rmSync(app.dataDir, { recursive: true, force: true });
  }
});

export interface RunningBatches extends RunningApp {
  readonly dataDir: string;
}

/** What the configuration says beside. */
interface Settings {
  readonly batch?: string;
  readonly yaml?: string;
  readonly api?: string;
  /** It is this test's alone. */
  readonly own?: true;
}

/**
 * The whole sidecar with a data directory, and a stub with these batches as its upstream. One for all
 * tests of a file that say the same, unless they say `own`.
 */
export async function startBatches(
  behaviour: Partial<BatchBehaviour> = {},
  settings: Settings = {},
): Promise<RunningBatches> {
  const key = JSON.stringify(settings);
  const app = running.get(key) ?? (await start(settings));
  running.set(settings.own ? `${key} ${running.size}` : key, app);
  app.stub.batches.set(behaviour);
  return app;
}

async function start({ batch = '', yaml = '', api = 'batchApi: on' }: Settings) {
  const dataDir = mkdtempSync(join(tmpdir(), 'tamma-batch-'));
  const quick = Object.entries(QUICK)
    .filter(([key]) => !batch.includes(`${key}:`))
    .map(([key, value]) => `${key}: ${value}`);
  const settings = [...quick, batch].filter(Boolean).join(', ');
  const app = await startApp(
    `{ defaultModel: gpt-4o-mini, ${api}, dataDir: '${dataDir}', batch: { ${settings} }, ${yaml} }`,
  );
  return { ...app, dataDir };
}

export function item(customId: string, request: object = {}): WireMessage {
  const messages = [{ role: 'ROLE_USER', content: `Question ${customId}` }];
  return { item: { customId, request: { messages, maxTokens: 100, ...request } } };
}

export function ids(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `item-${n}`);
}

export interface WireBatch {
  readonly id: string;
  readonly state: string;
  readonly execution: string;
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number };
  readonly cost: { readonly usd: string; readonly estimated: boolean } | null;
  readonly usage: WireMessage | null;
  readonly problems: readonly string[];
  readonly upstreamBatchIds: readonly string[];
  readonly displayName: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export async function create(
  { batch }: GrpcClient,
  options: object,
  items: Iterable<WireMessage>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<WireBatch> {
  const answer = await batch.upload('CreateBatch', [{ options }, ...items], { metadata });
  return answer.batch as WireBatch;
}

export async function get({ batch }: GrpcClient, batchId: string): Promise<WireBatch> {
  return (await batch.unary('GetBatch', { batchId })).batch as WireBatch;
}

export interface WireResult {
  readonly sequence: number;
  readonly customId: string;
  readonly response?: WireMessage & { readonly content: string };
  readonly error?: { readonly code: number; readonly message: string };
}

/** All results, waited for to the end. */
export async function results(
  { batch }: GrpcClient,
  batchId: string,
  afterSequence = 0,
): Promise<readonly WireResult[]> {
  const request = { batchId, afterSequence, wait: true };
  const { messages, status } = await collect(batch.stream('StreamBatchResults', request));
  if (status.code !== 0) throw new Error(status.details);
  return messages as unknown as readonly WireResult[];
}
