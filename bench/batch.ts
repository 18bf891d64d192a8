/**
 * `npm run bench:batch -- --items 10000 --kills 20 --seed 7`: one batch through a sidecar that is killed at
 * random moments, against a stub whose lines fail and get lost, that refuses, forgets, limits tokens, shows
 * late what it has, and expires. Every item must have one result, every request be worked on once at most,
 * and the cost be exact. Prints one line; exits 1 if anything is wrong.
 *
 * Runs the build, whose memory is that of production: `npm run build` comes first.
 *
 * With `--calm` nothing fails and nobody is killed: how fast a large batch goes, and what memory it takes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { formatDollars } from '../src/money/pricing/money.ts';
import { toMoney } from '../src/server/convert/money.ts';
import { random as randomOf } from '../test/support/random.ts';
import { type BatchFault, startStubUpstream } from '../test/support/upstream/index.ts';
import { Caller } from './batch/caller.ts';
import { costOf, customId, expected, outcomeOf } from './batch/expected.ts';
import { KilledSidecar } from './batch/killed-sidecar.ts';

const { values } = parseArgs({
  options: {
    items: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    'per-file': { type: 'string', default: '3000' },
    calm: { type: 'boolean', default: false },
  },
});
const items = Number(values.items);
const kills = values.calm ? 0 : Number(values.kills);
const random = randomOf(Number(values.seed));

/** What a process may take that works off a batch of ten thousand, in bytes: 80 MiB of it are the tokenizer's, which budgets load. */
const MAX_RSS_BYTES = 280 * 2 ** 20;

/** How many of the requests to the upstream's APIs go wrong. */
const FAULTS = 0.06;

const FAULT_KINDS: readonly BatchFault[] = [
  'refuse',
  'forget',
  { status: 503 },
  { status: 429, code: 'rate_limit_exceeded' },
];

const directory = mkdtempSync(join(tmpdir(), 'bench-batch-'));
const config = join(directory, 'config.yaml');
writeFileSync(
  config,
  `defaultModel: gpt-4o-mini
dataDir: ${join(directory, 'data')}
batchApi: on
batch: {pollInterval: 100ms, maxPollInterval: 500ms, lookFor: 2s, maxRequestsPerFile: ${values['per-file']}}
budgets: [{name: all, scope: all, period: total, limit: 1000}]
`,
);
const stub = await startStubUpstream({ keepRequests: false });
stub.batches.set({
  outcome: outcomeOf,
  ...(!values.calm && {
    validateMs: 200,
    workMs: 6_000,
    paceMs: 20,
    visibleAfterMs: 1_000,
    filesAfterMs: 700,
    enqueuedTokens: items * 50,
    expireAfter: 0.99,
    fault: () => (random() < FAULTS ? pick(FAULT_KINDS) : undefined),
  }),
});
const sidecar = new KilledSidecar(stub.url, config);
const caller = new Caller(() => sidecar.address, items);
const startedAt = performance.now();
await sidecar.start();

let over = false;
const { promise: created, resolve: hasCreated } = Promise.withResolvers<void>();
const killing = killNowAndThen();
const batchId = await caller.create();
hasCreated();
const createdMs = performance.now() - startedAt;
await caller.readAll(batchId);
over = true;
await killing;
const seconds = (performance.now() - startedAt) / 1_000;
const { batch } = await caller.ask('batch', 'GetBatch', { batchId });
const { total } = await caller.ask('usage', 'GetUsage');
const { budgets } = await caller.ask('usage', 'GetBudgets');
await sidecar.stop();
caller.close();
await stub.close();
rmSync(directory, { recursive: true });

const problems = check();
process.stdout.write(
  `${items} items, ${sidecar.kills} kills, ${stub.batches.batches.size} batches upstream, ${seconds.toFixed(0)} s (created after ${(createdMs / 1_000).toFixed(0)} s), ` +
    `peak RSS ${(sidecar.peakBytes / 2 ** 20).toFixed(0)} MiB, cost ${batch.cost?.usd} USD: ` +
    `${problems.length === 0 ? 'every item once, the cost exact' : problems.slice(0, 20).join('; ')}\n`,
);
process.exit(problems.length === 0 ? 0 : 1);

async function killNowAndThen(): Promise<void> {
  // A quarter of them while the batch is being taken, which begins anew each time.
  while (sidecar.kills < kills / 4) await killAfter(random() * (500 + 0.5 * items));
  await created;
  while (sidecar.kills < kills && !over) await killAfter(100 + random() * 1_500);
  while (!over) {
    sidecar.look();
    await sleep(200);
  }
}

async function killAfter(ms: number): Promise<void> {
  await sleep(ms);
  if (over) return;
  await sidecar.kill();
  await sidecar.start();
}

function check(): string[] {
  const wrong = [...caller.trouble, ...checkItems()];
  const cost = exactCost();
  const exact = formatDollars(cost);
  if (batch.cost?.usd !== exact) wrong.push(`the batch costs ${batch.cost?.usd}, not ${exact}`);
  if (total.cost?.usd !== exact) wrong.push(`the ledger has ${total.cost?.usd}, not ${exact}`);
  const spent = JSON.stringify([budgets[0]?.spent, budgets[0]?.reserved]);
  const { units, nanos } = toMoney(cost);
  const right = [
    { currencyCode: 'USD', units: Number(units), nanos },
    { currencyCode: 'USD', units: 0, nanos: 0 },
  ];
  if (spent !== JSON.stringify(right)) wrong.push(`the budget has ${spent}`);
  if (!values.calm && sidecar.peakBytes > MAX_RSS_BYTES)
    wrong.push(`more memory than ${MAX_RSS_BYTES / 2 ** 20} MiB`);
  if (stub.batches.files.size > 0) wrong.push(`${stub.batches.files.size} files stay upstream`);
  return wrong;
}

function checkItems(): string[] {
  const wrong: string[] = [];
  for (let number = 0; number < items; number += 1) {
    const id = customId(number);
    const told = caller.results.get(id);
    const worked = stub.batches.worked.get(id) ?? 0;
    if (told === undefined) wrong.push(`${id} has no result`);
    if (worked > 1) wrong.push(`${id} was worked on ${worked} times`);
    if (isAnswered(number) !== (told === 'answer')) wrong.push(`${id} was told to be ${told}`);
  }
  return wrong;
}

function isAnswered(number: number): boolean {
  return stub.batches.worked.has(customId(number)) && expected(number).outcome === 'answered';
}

function exactCost(): bigint {
  let cost = 0n;
  for (let number = 0; number < items; number += 1) {
    if (isAnswered(number)) cost += costOf(expected(number));
  }
  return cost;
}

function pick<T>(choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}
