/**
 * A process that opens, settles and voids attempts at random until it is killed, for kill.test.ts.
 * Takes the ledger's directory, a seed, and a name for its calls.
 *
 * Prints what it did once the ledger has done it, synchronously:
 * `opened ID`, `progress ID TOKENS`, `settled ID PICO-DOLLARS TOKENS`, `void ID`, and `written` when
 * everything before is in the database.
 */
import { writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../../src/core/clock.ts';
import type { LedgerEntry } from '../../../src/money/ledger/ledger.ts';
import { openLedger } from '../../../src/money/ledger/open-ledger.ts';
import { StoreThread } from '../../../src/money/store-thread/store-thread.ts';
import { random } from '../../support/random.ts';

const STEPS = 1_000_000;

const [directory = '', seed = '', name = ''] = process.argv.slice(2);
const chance = random(Number(seed));
const silent = { info: () => {}, error: () => {} };
const options = { directory, retentionMs: 86_400_000 };
const stores = new StoreThread(options);
const ledger = openLedger(options, { clock: systemClock, log: silent, stores });
const running = new Map<string, LedgerEntry>();
const say = (text: string) => void writeSync(1, `${text}\n`);
process.send?.('ready');

for (let step = 0; step < STEPS; step++) {
  await takeStep(step);
  // Its timers fire: batches are written, and progress.
  if (step % 16 === 0) await turn();
}

async function takeStep(step: number): Promise<void> {
  const one = chance();
  if (one < 0.4 || running.size === 0) open(`${name}-${step}`);
  else if (one < 0.6) progress();
  else if (one < 0.9) settle();
  else if (one < 0.98) void_();
  else if (one < 0.985) await write();
}

function open(callId: string): void {
  const entry = ledger.open({
    callId,
    traceId: '',
    attempt: 1,
    upstream: 'default',
    model: 'gpt-5.4',
    // Long, so that the journal begins a new segment often.
    userId: 'user'.repeat(100),
    projectId: '',
    inputTokens: 10,
    startedAt: systemClock.now(),
    prices: { input: 3n, output: 7n },
    catalogueVersion: '1',
  });
  entry.sent();
  running.set(callId, entry);
  say(`opened ${callId}`);
}

function progress(): void {
  const [callId, entry] = someRunning();
  const tokens = Math.floor(chance() * 100);
  entry.progress(tokens);
  say(`progress ${callId} ${tokens}`);
}

function settle(): void {
  const [callId, entry] = someRunning();
  running.delete(callId);
  const outputTokens = Math.floor(chance() * 1_000);
  const picoDollars = BigInt(Math.floor(chance() * 1e12));
  const endedAt = systemClock.now();
  entry.settle({
    attempt: 1,
    upstream: 'default',
    model: 'gpt-5.4',
    usage: {
      inputTokens: 10,
      outputTokens,
      totalTokens: 10 + outputTokens,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      estimated: false,
    },
    cost: { picoDollars, catalogueVersion: '1', estimated: false, unpriced: false },
    serviceTier: '',
    outcome: 'completed',
    startedAt: endedAt,
    endedAt,
  });
  say(`settled ${callId} ${picoDollars} ${outputTokens}`);
}

function void_(): void {
  const [callId, entry] = someRunning();
  running.delete(callId);
  entry.void();
  say(`void ${callId}`);
}

async function write(): Promise<void> {
  settle();
  await ledger.sums({ groupBy: [] });
  say('written');
}

/** The first that runs, or the last: some run long. */
function someRunning(): [string, LedgerEntry] {
  const all = [...running];
  const chosen = chance() < 0.1 ? all[0] : all.at(-1);
  if (chosen === undefined) throw new Error('nothing runs');
  return chosen;
}
