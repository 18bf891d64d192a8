import { setTimeout as sleep } from 'node:timers/promises';
import { answer, byModel, firstTokenAfter, httpError } from '../../support/upstream/index.ts';
import type { WatchedSidecar } from './watched-sidecar.ts';

/** A fault, and the alerts that fire while a sidecar has it. */
export interface Fault {
  readonly name: string;
  readonly alerts: readonly string[];
  /** On top of that of WatchedSidecar. */
  readonly config?: string;
  /** Of a disk of its own for the ledger. Default: none. */
  readonly diskMebibytes?: number;
  /** Time stands still but for a minute before each scrape, and what the fault passes. Default false. */
  readonly stepped?: true;
  /** Minutes between two scrapes. Default 1. */
  readonly interval?: number;
  /** Scrapes before the fault, and with it. Default 10 and 20. */
  readonly before?: number;
  readonly during?: number;
  /** What happens between two scrapes without it. Default: two calls are answered. */
  readonly usual?: (sidecar: WatchedSidecar) => Promise<unknown>;
  /** What happens with it, once before that and then between two scrapes. */
  readonly begin?: (sidecar: WatchedSidecar) => unknown;
  readonly goOn: (sidecar: WatchedSidecar, scrape: number) => unknown;
}

const twoCalls = (sidecar: WatchedSidecar) => sidecar.ask(2);

/** The first call of a user waits for what Redis says. */
let users = 0;
const newUser = (sidecar: WatchedSidecar) =>
  sidecar.ask(1, { metadata: { user_id: `user-${++users}` } });

/** By the price of output of the default model. */
const dear = (dollars: number) =>
  answer({ usage: { completion_tokens: Math.round(dollars * 66_667) } });

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const budget = (limit: number) =>
  `budgets: [{ name: everyone, limit: ${limit}, period: day, alertThresholds: [0.8] }]`;

export const FAULTS: readonly Fault[] = [
  {
    name: 'none, but for requests that are wrong',
    alerts: [],
    goOn: async (sidecar) => {
      await sidecar.ask(2);
      await sidecar.ask(1, { temperature: 99 });
      await sidecar.ask(1, { messages: [] });
    },
  },
  {
    name: 'it has stopped',
    alerts: ['TammaProviderDown'],
    begin: (sidecar) => sidecar.stop(),
    goOn: () => {},
  },
  {
    name: 'the upstream is down',
    alerts: ['TammaProviderCircuitOpen', 'TammaProviderFailuresFast', 'TammaProviderFailuresSlow'],
    goOn: async (sidecar) => {
      sidecar.upstream.enqueue(...Array(12).fill(httpError(503)));
      await sidecar.ask(12);
    },
  },
  {
    name: 'one call in nine fails',
    alerts: ['TammaProviderFailuresSlow'],
    usual: (sidecar) => sidecar.ask(9),
    during: 32,
    goOn: async (sidecar) => {
      sidecar.upstream.enqueue(httpError(503));
      await sidecar.ask(9);
    },
  },
  {
    name: 'the only key is refused, for a model that was never asked before',
    alerts: ['TammaProviderFailuresFast', 'TammaProviderFailuresSlow', 'TammaProviderKeyRefused'],
    goOn: async (sidecar) => {
      sidecar.upstream.enqueue(httpError(401, { code: 'invalid_api_key' }));
      await sidecar.ask(1, { model: 'gpt-4o' });
    },
  },
  {
    name: 'one of two keys is refused',
    alerts: ['TammaProviderKeyRefused'],
    config: 'keys: [{ environment: OTHER_KEY }]',
    during: 8,
    begin: (sidecar) => sidecar.upstream.enqueue(httpError(401, { code: 'invalid_api_key' })),
    goOn: twoCalls,
  },
  {
    name: 'its configuration was changed to one that is refused',
    alerts: ['TammaProviderConfigRefused'],
    begin: (sidecar) => sidecar.reconfigure('loglevel: debug'),
    goOn: twoCalls,
  },
  {
    name: 'a target limits the rate',
    alerts: ['TammaProviderTargetHeld'],
    during: 14,
    begin: (sidecar) => {
      const refused = httpError(429, { headers: { 'retry-after': '3600' } });
      sidecar.upstream.setDefault(byModel({ 'gpt-4o': refused }));
    },
    goOn: async (sidecar) => {
      await sidecar.ask(1, { model: 'gpt-4o' });
      await sidecar.ask(30);
    },
  },
  {
    name: 'a target is slow',
    alerts: ['TammaProviderTargetSlow'],
    // The clock may be ahead of the headers.
    config: 'timeouts: { headers: 5m, firstToken: 5m }',
    stepped: true,
    goOn: async (sidecar) => {
      const token = Promise.withResolvers<void>();
      sidecar.upstream.enqueue(firstTokenAfter(token.promise));
      const asked = sidecar.ask(1);
      await sidecar.requests(1);
      sidecar.pass(30_000);
      token.resolve();
      await asked;
    },
  },
  {
    name: 'calls wait for a rate limit',
    alerts: ['TammaProviderQueueLong'],
    stepped: true,
    config: 'rateLimiting: { requestsPerMinute: 2 }',
    usual: (sidecar) => sidecar.ask(1),
    goOn: async (sidecar) => {
      const asked = sidecar.ask(3);
      for (let seconds = 0; seconds < 90; seconds += 2) {
        sidecar.pass(2_000);
        await sleep(1);
      }
      await asked;
    },
  },
  {
    name: 'there is no room for a second call',
    alerts: ['TammaProviderCallsShed'],
    config: 'overload: { maxCalls: 1 }',
    usual: (sidecar) => sidecar.ask(1),
    goOn: async (sidecar) => {
      const token = Promise.withResolvers<void>();
      sidecar.upstream.enqueue(firstTokenAfter(token.promise));
      const asked = sidecar.ask(1);
      await sidecar.requests(1);
      await sidecar.ask(1);
      token.resolve();
      await asked;
    },
  },
  {
    name: 'the event loop is blocked',
    alerts: ['TammaProviderEventLoopLate'],
    during: 14,
    goOn: async (sidecar) => {
      await sidecar.ask(1);
      // Node does not see the first delay after the figure was read.
      block(100);
      await sleep(25);
      block(400);
      await sleep(25);
    },
  },
  {
    name: 'a budget reaches its threshold',
    alerts: ['TammaProviderBudgetThreshold'],
    config: budget(1),
    during: 10,
    begin: (sidecar) => sidecar.upstream.enqueue(dear(0.85)),
    goOn: twoCalls,
  },
  {
    name: 'a budget is spent',
    alerts: ['TammaProviderBudgetSpent', 'TammaProviderBudgetThreshold'],
    config: budget(1),
    during: 10,
    begin: (sidecar) => sidecar.upstream.enqueue(dear(1.5)),
    goOn: twoCalls,
  },
  {
    name: 'more is spent than usual',
    alerts: ['TammaProviderCostSpike'],
    interval: 10,
    before: 60,
    during: 9,
    usual: async (sidecar) => {
      sidecar.upstream.enqueue(dear(0.1));
      await sidecar.ask(1);
    },
    goOn: async (sidecar) => {
      sidecar.upstream.enqueue(dear(0.8));
      await sidecar.ask(1);
    },
  },
  {
    name: 'a model has no price',
    alerts: ['TammaProviderCostUnknown'],
    config: 'costManagement: { unpriced: mark }\ncatalogue: { unknownModels: allow }',
    goOn: (sidecar) => sidecar.ask(1, { model: 'of-nobody-knows' }),
  },
  {
    name: 'the ledger is locked',
    alerts: ['TammaProviderLedgerOutage'],
    begin: (sidecar) => sidecar.lockLedger(),
    goOn: (sidecar) => sidecar.ask(1),
  },
  {
    name: 'the disk of the ledger is almost full',
    alerts: ['TammaProviderDiskAlmostFull'],
    diskMebibytes: 64,
    // How full it is is looked up every few seconds.
    stepped: true,
    begin: (sidecar) => sidecar.fillDisk(5 * 2 ** 20),
    goOn: twoCalls,
  },
  {
    name: 'Redis is slow',
    alerts: ['TammaProviderSharedStoreSlow'],
    config: 'store: redis\nbudgets: [{ name: each, scope: user, limit: 1, period: day }]',
    usual: (sidecar) => newUser(sidecar),
    begin: (sidecar) => sidecar.slowRedis(75),
    goOn: newUser,
  },
  {
    name: 'Redis is gone',
    alerts: ['TammaProviderSharedStoreAway'],
    config: 'store: redis',
    begin: (sidecar) => sidecar.killRedis(),
    goOn: twoCalls,
  },
  {
    name: 'answers are empty',
    alerts: ['TammaProviderAnswersUseless'],
    goOn: async (sidecar) => {
      sidecar.upstream.enqueue(answer({ text: '' }));
      await sidecar.ask(2);
    },
  },
];
