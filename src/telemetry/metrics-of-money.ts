import { ATTRIBUTE } from './attributes.ts';
import { type Metrics, own } from './metric-definition.ts';

const { target, genAiRequestModel: model } = ATTRIBUTE;

/** Cost, budgets, the response cache, the ledger. */
export const MONEY = {
  cost: own('counter', 'cost', '{USD}', 'What attempts cost, estimates included.', [target, model]),
  unpricedAttempts: own(
    'counter',
    'unpriced_attempts',
    '{attempt}',
    'Attempts that consumed tokens for which no price is known.',
    [target, model],
  ),
  budgetLimit: own(
    'observableGauge',
    'budget.limit',
    '{USD}',
    'Limit of a budget, over all its subjects.',
    [ATTRIBUTE.budget],
  ),
  budgetSpent: own(
    'observableGauge',
    'budget.spent',
    '{USD}',
    'Spent of a budget in the running period, over all its subjects.',
    [ATTRIBUTE.budget],
  ),
  budgetReserved: own(
    'observableGauge',
    'budget.reserved',
    '{USD}',
    'Held of a budget for attempts that run, over all its subjects.',
    [ATTRIBUTE.budget],
  ),
  budgetAlerts: own('counter', 'budget.alerts', '{alert}', 'Alerts that budgets raised.', [
    ATTRIBUTE.budget,
    ATTRIBUTE.threshold,
  ]),
  cacheHits: own('counter', 'cache.hits', '{call}', 'Calls that the response cache answered.'),
  cacheMisses: own(
    'counter',
    'cache.misses',
    '{call}',
    'Calls that asked the response cache and found nothing.',
  ),
  cacheStores: own(
    'counter',
    'cache.stores',
    '{answer}',
    'Answers that were left in the response cache.',
  ),
  cacheEvictions: own(
    'counter',
    'cache.evictions',
    '{answer}',
    'Answers that left the response cache because there was no room.',
  ),
  cacheFailures: own(
    'counter',
    'cache.failures',
    '{request}',
    'What the store of the response cache was asked and did not do, or not within 20 ms; calls went on without.',
  ),
  cacheBytes: own('observableGauge', 'cache.bytes', 'By', 'Size of the response cache.'),
  cacheSaved: own(
    'counter',
    'cache.saved',
    '{USD}',
    'What answers had cost when they were made that came from the response cache or over the stream of another call.',
  ),
  cacheShared: own(
    'counter',
    'cache.shared',
    '{call}',
    'Calls that were answered over the stream of an identical one that ran at the same time.',
  ),
  ledgerOutage: own(
    'observableGauge',
    'ledger.outage',
    '1',
    "Whether the ledger's database or journal cannot be written: 1, else 0.",
  ),
  ledgerPending: own(
    'observableGauge',
    'ledger.pending',
    '{record}',
    'Records that wait to be written to the ledger.',
  ),
  ledgerDiskFree: own(
    'observableGauge',
    'ledger.disk.free',
    'By',
    'What is free of the disk that the ledger is on. Absent where it is in memory.',
  ),
  ledgerDiskSize: own('observableGauge', 'ledger.disk.size', 'By', 'Size of that disk.'),
  ledgerLost: own(
    'observableCounter',
    'ledger.lost',
    '{record}',
    'Records that neither the database nor the journal of the ledger would take at the end.',
  ),
} as const satisfies Metrics;
