/**
 * What money costs: `node bench/money.ts`. CPU time of this process, all its threads included, in
 * microseconds per call: `process.cpuUsage()` over many calls with an answer of fifty events, through
 * the stages that keep budgets, meter and write the ledger, with two budgets that apply and SQLite in
 * a temporary directory, and through none of them. The rounds of all take turns, so that what else
 * the machine does concerns all alike; told are the median of them, and the best.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Call, Handler, Stage } from '../src/core/call.ts';
import { newCallRecord } from '../src/core/call-record.ts';
import { systemClock } from '../src/core/clock.ts';
import type { ProviderEvent } from '../src/core/events.ts';
import type { Model } from '../src/core/model.ts';
import { SILENT } from '../src/core/provider-log.ts';
import { BudgetBook } from '../src/money/budget/book.ts';
import { localAccounts } from '../src/money/budget/local-accounts.ts';
import type { BudgetDefinition } from '../src/money/budget/options.ts';
import { budget } from '../src/money/budget/stage.ts';
import type { Ledger } from '../src/money/ledger/ledger.ts';
import { metering } from '../src/money/ledger/metering.ts';
import { openLedger } from '../src/money/ledger/open-ledger.ts';
import { StoreThread } from '../src/money/store-thread/store-thread.ts';
import { builtInCatalogue } from '../src/request/catalogue/catalogue.ts';
import { PromptSizes } from '../src/request/tokens/prompt-sizes.ts';
import { TokenCounter } from '../src/request/tokens/token-counter.ts';
import { ModelLabels } from '../src/telemetry/model-label.ts';
import { aCall, completed, replay, started, text, usage } from '../test/support/events.ts';
import { TelemetryProbe } from '../test/support/telemetry.ts';
import { quantile } from './statistics.ts';
import { type Column, figure, table } from './table.ts';

const ROUNDS = 15;
const CALLS = 2_000;
/** After so many calls the event loop turns: the ledger writes, timers fire. */
const CALLS_PER_TURN = 20;
const USERS = 40;
const EVENTS = 50;
const TARGET_US = 40;
/** Of the paced scenario: calls per tick of a timer. */
const TICKS = 100;
const TICK_MS = 10;
const CALLS_PER_TICK = 10;

const ANSWER: readonly ProviderEvent[] = [
  started({ model: 'gpt-4o' }),
  ...Array.from({ length: EVENTS - 2 }, (_, at) => text(' word', at + 1)),
  completed({ usage: usage({ inputTokens: 40, outputTokens: EVENTS }), serviceTier: 'default' }),
];

const DOLLAR = 1_000_000_000_000n;
const BUDGETS: readonly BudgetDefinition[] = (['all', 'user'] as const).map((scope) => ({
  name: scope,
  scope,
  match: '*',
  limit: 1_000_000n * DOLLAR,
  period: 'month',
  alertThresholds: [0.8],
}));

/** The stages, with everything they need. */
interface Chain {
  readonly handler: Handler;
  readonly ledger: Ledger;
  close(): Promise<void>;
}

const KEPT = ['nothing', 'the ledger', 'ledger and budgets'] as const;

type Kept = (typeof KEPT)[number];

function openChain(kept: Kept): Chain {
  const directory = mkdtempSync(join(tmpdir(), 'money-'));
  const tokens = new TokenCounter();
  const stores = new StoreThread({ directory });
  const options = { directory, retentionMs: 1e9 };
  const ledger = openLedger(options, { clock: systemClock, log: SILENT, stores });
  const deps = {
    clock: systemClock,
    instruments: new TelemetryProbe().instruments,
    labels: new ModelLabels(['gpt-4o']),
    priceNotices: { priced: () => {} },
    sizes: new PromptSizes(tokens),
    log: SILENT,
    ledger,
    costs: { trackingEnabled: true },
    minOutputTokens: 256,
    unpriced: 'refuse',
  } as const;
  const book = new BudgetBook(
    { budgets: BUDGETS, minOutputTokens: deps.minOutputTokens },
    localAccounts(ledger, BUDGETS),
    deps,
  );
  const stages: Readonly<Record<Kept, readonly Stage[]>> = {
    nothing: [],
    'the ledger': [metering(deps)],
    'ledger and budgets': [budget(book, deps), metering(deps)],
  };
  return {
    handler: stages[kept].reduceRight<Handler>((next, stage) => stage(next), replay(...ANSWER)),
    ledger,
    async close() {
      await book.close();
      await ledger.close();
      await stores.close();
      await tokens.close();
      rmSync(directory, { recursive: true });
    },
  };
}

let serial = 0;

function newCall(): Call {
  const model = gpt4o();
  serial += 1;
  return aCall({
    id: `00000000-0000-4000-8000-${String(serial).padStart(12, '0')}`,
    model: model.id,
    attempt: 1,
    target: { model, surface: 'chat_completions' },
    request: {
      messages: [
        { role: 'user', content: 'Is this loop correct? for (i = 0; i <= n; i++) s += i;' },
      ],
      maxTokens: 1_000,
      metadata: { user_id: `user-${serial % USERS}`, project_id: 'bench' },
    },
    record: newCallRecord(0),
  });
}

function gpt4o(): Model {
  const model = builtInCatalogue().models.find(({ id }) => id === 'gpt-4o');
  if (model === undefined) throw new Error('the catalogue has no gpt-4o');
  return model;
}

/** One call after the other, as fast as they go. */
async function rush({ handler }: Chain, calls: readonly Call[]): Promise<void> {
  for (const [at, call] of calls.entries()) {
    await handler(call, () => {});
    if (at % CALLS_PER_TURN === 0) await turn();
  }
}

/** A thousand calls per second. */
async function stroll({ handler }: Chain, calls: readonly Call[]): Promise<void> {
  for (let tick = 0; tick < TICKS; tick += 1) {
    const from = tick * CALLS_PER_TICK;
    for (const call of calls.slice(from, from + CALLS_PER_TICK)) await handler(call, () => {});
    await sleep(TICK_MS);
  }
}

interface Pace {
  readonly name: string;
  readonly calls: number;
  readonly rounds: number;
  readonly run: (chain: Chain, calls: readonly Call[]) => Promise<void>;
}

const PACES: readonly Pace[] = [
  { name: 'as fast as they go', calls: CALLS, rounds: ROUNDS, run: rush },
  { name: 'a thousand per second', calls: TICKS * CALLS_PER_TICK, rounds: 5, run: stroll },
];

/** CPU microseconds per call, until everything is written. The calls are made beforehand. */
async function round(chain: Chain, { calls, run }: Pace): Promise<number> {
  const made = Array.from({ length: calls }, newCall);
  const before = process.cpuUsage();
  await run(chain, made);
  await chain.ledger.sums({ groupBy: [] });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

interface Row {
  readonly pace: string;
  readonly kept: Kept;
  readonly median: number;
  readonly best: number;
  /** Of the median, beside that of nothing. */
  readonly more?: number;
}

async function measure(pace: Pace): Promise<readonly Row[]> {
  const measured = KEPT.map((kept) => ({ kept, chain: openChain(kept), figures: [] as number[] }));
  // The first round warms up.
  for (let at = 0; at <= pace.rounds; at += 1) {
    for (const { chain, figures } of measured) {
      const us = await round(chain, pace);
      if (at > 0) figures.push(us);
    }
  }
  for (const { chain } of measured) await chain.close();
  const [least = Number.NaN] = measured.map(({ figures }) => quantile(figures, 0.5));
  return measured.map(({ kept, figures }) => {
    const median = quantile(figures, 0.5);
    return {
      pace: pace.name,
      kept,
      median,
      best: Math.min(...figures),
      ...(kept === 'nothing' ? {} : { more: median - least }),
    };
  });
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'us of CPU per call, calls', cell: ({ pace }) => pace },
  { title: 'kept', cell: ({ kept }) => kept },
  { title: 'median', cell: ({ median }) => figure(median, 1) },
  { title: 'best', cell: ({ best }) => figure(best, 1) },
  { title: 'more than nothing', cell: ({ more }) => figure(more, 1) },
  {
    title: 'at most',
    cell: ({ kept }) => figure(kept === 'ledger and budgets' ? TARGET_US : undefined, 0),
  },
];

for (const pace of PACES) console.log(`${table(COLUMNS, await measure(pace))}\n`);
