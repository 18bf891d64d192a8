/**
 * What a hit costs: `npm run bench:cache`. CPU time of this process, all its threads included, in microseconds
 * per call: calls of one conversation, which are answered from the response cache with a text of 2,000
 * characters and booked in a ledger on disk, beside empty calls, of which an answer without text is told at once. The
 * rounds of all take turns, so that what else the machine does concerns them alike. Beside it, without a target, a
 * hit whose answer is in the data directory (cache.storage: sqlite), and in memory since it was given.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Handler } from '../src/core/call.ts';
import { systemClock } from '../src/core/clock.ts';
import { SILENT } from '../src/core/provider-log.ts';
import type { OpenAnswerStore } from '../src/money/cache/answer-store.ts';
import { DEFAULT_RESPONSE_CACHE } from '../src/money/cache/options.ts';
import { ResponseCache } from '../src/money/cache/response-cache.ts';
import { SqliteStore } from '../src/money/cache/sqlite-store.ts';
import { keepAnswer, responseCache } from '../src/money/cache/stage.ts';
import { openLedger } from '../src/money/ledger/open-ledger.ts';
import { StoreThread } from '../src/money/store-thread/store-thread.ts';
import { builtInCatalogue } from '../src/request/catalogue/catalogue.ts';
import { aCall, completed, replay, started, text } from '../test/support/events.ts';
import { TelemetryProbe } from '../test/support/telemetry.ts';
import { median } from './statistics.ts';
import { figure, table } from './table.ts';

const ROUNDS = 15;
const CALLS = 2_000;
/** After so many calls the event loop turns: the ledger writes, timers fire. */
const CALLS_PER_TURN = 20;
const TARGET_US = 60;

const ANSWER = Array.from({ length: 200 }, (_, at) => text('ten chars ', at + 1));
const REQUEST = {
  messages: [
    { role: 'system', content: 'You are a careful reviewer of code. '.repeat(20) },
    { role: 'user', content: 'Is this loop correct? for (i = 0; i <= n; i++) s += i;' },
  ],
  temperature: 0,
  maxTokens: 1_000,
  metadata: { user_id: 'alice', project_id: 'bench' },
} as const;

const directory = mkdtempSync(join(tmpdir(), 'bench-cache-'));
const stores = new StoreThread({ directory });
const ledger = openLedger(
  { directory, retentionMs: 1e9 },
  { clock: systemClock, log: SILENT, stores },
);
const upstream = replay(started(), ...ANSWER, completed());
/** A call before a cache. */
function cached(openAnswers?: OpenAnswerStore): Handler {
  const cache = new ResponseCache(
    { ...DEFAULT_RESPONSE_CACHE, enabled: true },
    {
      clock: systemClock,
      ledger,
      catalogue: builtInCatalogue,
      endpointOf: () => 'https://api.openai.com/v1',
      instruments: new TelemetryProbe().instruments,
      ...(openAnswers && { openAnswers }),
    },
  );
  return responseCache(cache)(keepAnswer(cache)(upstream));
}
const inDirectory = { stores, clock: systemClock, dated: systemClock, log: SILENT };
const handlers = {
  empty: replay(started(), completed()),
  hit: cached(),
  'hit, sqlite': cached((...wanted) => new SqliteStore(...wanted, inDirectory)),
} satisfies Record<string, Handler>;
type Row = keyof typeof handlers;
const ROWS = Object.keys(handlers) as Row[];

const figures: Record<Row, number[]> = { empty: [], hit: [], 'hit, sqlite': [] };
try {
  // The first call leaves the answer, the first round warms up.
  for (let at = 0; at <= ROUNDS; at += 1) {
    for (const row of ROWS) {
      const us = await round(handlers[row]);
      if (at > 0) figures[row].push(us);
    }
  }
} finally {
  await ledger.close();
  await stores.close();
  rmSync(directory, { recursive: true });
}
const more = median(figures.hit) - median(figures.empty);
console.log(
  table(
    [
      { title: 'us of CPU per call', cell: (name) => name },
      { title: 'median', cell: (name) => figure(median(figures[name]), 1) },
      { title: 'best', cell: (name) => figure(Math.min(...figures[name]), 1) },
    ],
    ROWS,
  ),
);
console.log(`\na hit costs ${figure(more, 1)} us more; at most ${TARGET_US}`);
process.exitCode = more > TARGET_US ? 1 : 0;

/** CPU microseconds per call, until everything is written. */
async function round(handler: Handler): Promise<number> {
  const calls = Array.from({ length: CALLS }, () => aCall({ asked: REQUEST, request: REQUEST }));
  const before = process.cpuUsage();
  for (const [at, call] of calls.entries()) {
    await handler(call, () => {});
    if (at % CALLS_PER_TURN === 0) await turn();
  }
  await ledger.sums({ groupBy: [] });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}
