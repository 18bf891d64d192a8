/** A worker thread: somebody who asks the sidecar something every 20 ms, whether it answers or not. */
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from '../../test/support/grpc-client.ts';
import { quantile } from '../statistics.ts';

export interface Report {
  readonly calls: number;
  /** Those that got no answer but a status. */
  readonly refused: number;
  readonly medianMs: number;
  readonly worstMs: number;
}

const PACE_MS = 20;
/** A call that takes longer counts as so long. */
const LONGEST_MS = 30_000;
const REQUEST = { request: { messages: [{ role: 'ROLE_USER', content: 'How long is this?' }] } };

const client = connect(workerData.address, { 'grpc.use_local_subchannel_pool': 1 });
const waits: number[] = [];
let refused = 0;
let running = 0;

// The tokenizer is loaded with the first.
for (let call = 0; call < 20; call += 1) await client.provider.unary('CountTokens', REQUEST);

const timer = setInterval(() => void ask(), PACE_MS);
parentPort?.once('message', () => void end());
parentPort?.postMessage('ready');

async function ask(): Promise<void> {
  const began = performance.now();
  running += 1;
  try {
    await client.provider.unary('CountTokens', REQUEST, { deadline: Date.now() + LONGEST_MS });
  } catch {
    refused += 1;
  }
  running -= 1;
  waits.push(performance.now() - began);
}

async function end(): Promise<void> {
  clearInterval(timer);
  while (running > 0) await new Promise((resolve) => setTimeout(resolve, PACE_MS));
  const report: Report = {
    calls: waits.length,
    refused,
    medianMs: quantile(waits, 0.5),
    worstMs: quantile(waits, 1),
  };
  parentPort?.postMessage(report);
}
