import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GrpcConnection } from '../../bench/grpc-connection.ts';
import { epochMs } from '../../src/simulator/wire/recorded-request.ts';
import type { WireMessage } from '../support/grpc-client.ts';
import { makeCalls } from '../support/storm/calls.ts';
import { type Finding, none } from '../support/storm/finding.ts';
import type { BillLine } from '../support/upstream/bill.ts';
import { makeCall, type Outcome } from './caller.ts';
import { tellsFindings } from './calls.ts';
import { nanos, sumOf } from './dollars.ts';
import { MoneyHouse, type MoneySidecar } from './money-sidecar.ts';
import { type Plan, Planner } from './plan.ts';
import { agrees, isExact, type Pair, reconcile } from './reconcile.ts';
import { type LedgerRow, PROCESS_DIED, readRecords } from './records.ts';
import { budgetFindings, totalFindings } from './totals.ts';
import { BilledUpstream } from './upstream.ts';

export interface KillsOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly atATime: number;
  /** How long a process runs before it is killed, at most, in ms; 300 at least. */
  readonly longestLifeMs: number;
}

/** More than is spent, so that nothing is refused, and each is restored. */
const BUDGETS = `
costManagement: { budgetLimit: 1000, budgetPeriod: total }
budgets:
  - { name: people, scope: user, limit: 1000, period: total }
`;

/** Every second process is killed so soon after an answer was complete. */
const AFTER_COMPLETED_MS = 50;

const SHORTEST_LIFE_MS = 300;
/** Every third round the next process is killed while it starts, perhaps while it recovers. */
const STARTING_MS = 900;

/** What the ledger may lack of an attempt in flight: what came in the last 250 ms before the kill. */
const LOST_MS = 250;
/** How late the timer of a process may be that was started just now, and has 100 calls at once. */
const LATENESS_MS = 250;
/**
 * The tokens of an attempt in flight are estimated from its text as it comes: how far they may be off
 * in sum, and for a single attempt, whose few words may be long ones.
 */
const ROUGH_SUM = 1.2;
const ROUGH_SINGLE = 1.8;

/** Kills sidecars under load, each on what the one before left; then nothing may be lost or twice. */
export async function stormOfKills(options: KillsOptions): Promise<readonly Finding[]> {
  const upstream = await BilledUpstream.start();
  const house = new MoneyHouse(upstream.url, BUDGETS);
  const planner = new Planner(options.seed);
  try {
    const rounds: Round[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      if (round % 3 === 2) await killWhileStarting(house, planner.chance() * STARTING_MS);
      const soonAfterAnswer = round % 2 === 1;
      rounds.push(await liveAndDie(options, { house, upstream, planner }, soonAfterAnswer));
    }
    const last = await house.start();
    const rows = await readRecords(house);
    const findings = [
      { name: 'processes killed under load', value: rounds.length },
      {
        name: `of them, within ${AFTER_COMPLETED_MS} ms of a complete answer`,
        value: rounds.filter(({ soonAfterAnswer }) => soonAfterAnswer).length,
      },
      ...tellsFindings(
        rounds.flatMap(({ outcomes }) => outcomes),
        rows,
        upstream,
      ),
      none('restarts with other budgets than the ledger says', wrongStarts(rounds)),
      ...bookFindings(rows, upstream, rounds),
      ...(await totalFindings(last, rows)),
      ...(await budgetFindings(last, rows)),
    ];
    await last.stop();
    return findings;
  } finally {
    await house.close();
    await upstream.close();
  }
}

interface Means {
  readonly house: MoneyHouse;
  readonly upstream: BilledUpstream;
  readonly planner: Planner;
}

/** One process's life. */
interface Round {
  /** Epoch ms. */
  readonly killedAt: number;
  /** Its budget began with what the ledger has. */
  readonly restored: boolean;
  readonly soonAfterAnswer: boolean;
  /** What its callers have. */
  readonly outcomes: readonly Outcome[];
}

async function liveAndDie(
  { atATime, longestLifeMs }: KillsOptions,
  means: Means,
  soonAfterAnswer: boolean,
): Promise<Round> {
  const { house, upstream, planner } = means;
  const sidecar = await house.start();
  const restored = await isRestored(sidecar);
  let killed = false;
  function* plans(): Generator<Plan> {
    while (!killed) yield upstream.expect(planner.wild());
  }
  const { connections } = sidecar;
  let answered = Promise.withResolvers<void>();
  const make = async (plan: Plan, connection: GrpcConnection) => {
    const outcome = await makeCall(plan, connection);
    if (outcome.completed !== undefined) answered.resolve();
    return outcome;
  };
  const calls = makeCalls(plans(), { atOnce: atATime, connections }, make);
  await sleep(SHORTEST_LIFE_MS + planner.chance() * (longestLifeMs - SHORTEST_LIFE_MS));
  if (soonAfterAnswer) {
    answered = Promise.withResolvers();
    await Promise.race([answered.promise, sleep(longestLifeMs)]);
    await sleep(planner.chance() * AFTER_COMPLETED_MS);
  }
  killed = true;
  const killedAt = epochMs();
  await sidecar.kill();
  const outcomes = await calls;
  await upstream.settle();
  return { killedAt, restored, soonAfterAnswer, outcomes };
}

async function isRestored({ client }: MoneySidecar): Promise<boolean> {
  const { total } = await client.usage.unary('GetUsage');
  const { budgets } = await client.usage.unary('GetBudgets', { name: 'costManagement' });
  const { cost } = total as { readonly cost: WireMessage | null };
  return nanos(cost?.total) === sumOf(budgets as WireMessage[], ({ spent }) => nanos(spent));
}

async function killWhileStarting(house: MoneyHouse, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: { ...house.environment },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await sleep(afterMs);
  child.kill('SIGKILL');
  await ended;
}

function wrongStarts(rounds: readonly Round[]): number {
  return rounds.filter(({ restored }) => !restored).length;
}

function bookFindings(
  rows: readonly LedgerRow[],
  { bill }: BilledUpstream,
  rounds: readonly Round[],
): readonly Finding[] {
  const { pairs, unseen, doubles, missing } = reconcile(rows, bill);
  const exact = pairs.filter(isExact);
  const died = pairs.filter(({ row }) => row.outcome === PROCESS_DIED);
  const bounds = died.map(({ line }) => boundsOf(line, rounds));
  const booked = died.reduce((sum, { row }) => sum + row.outputTokens, 0);
  const least = bounds.reduce((sum, one) => sum + one.least, 0);
  const most = bounds.reduce((sum, one) => sum + one.most, 0);
  return [
    { name: 'attempts that the upstream saw', value: bill.lines.length },
    none(
      'lost: attempts with output that have no record',
      missing.filter(({ outputTokens }) => outputTokens > 0).length,
    ),
    none('attempts that are in the ledger twice', doubles),
    { name: 'records of attempts that the upstream never saw', value: unseen.length },
    { name: 'completed with usage: attempts', value: exact.length, atLeast: 1 },
    none(
      'completed with usage: not exactly as billed',
      exact.filter((pair) => !agrees(pair)).length,
    ),
    { name: 'in flight when their process was killed', value: died.length, atLeast: 1 },
    none('of them, not marked as estimates', died.filter(({ row }) => !row.estimated).length),
    {
      name: 'of them, output tokens to those written 500 ms before the kill, %',
      value: (100 * booked) / least,
      digits: 1,
      atLeast: 100 / ROUGH_SUM,
      timed: true,
    },
    {
      name: 'of them, output tokens to all that were written, %',
      value: (100 * booked) / most,
      digits: 1,
      atMost: 100 * ROUGH_SUM,
    },
    {
      ...none(
        'of them, single ones beyond the bound',
        died.filter((pair) => !isWithin(pair, boundsOf(pair.line, rounds))).length,
      ),
      timed: true,
    },
    {
      name: 'of them, input tokens: ledger to bill, %',
      value: inputDeviation(died),
      digits: 1,
      atLeast: -30,
      atMost: 30,
    },
  ];
}

interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** What the ledger may have of the output of an attempt in flight. */
function boundsOf(line: BillLine, rounds: readonly Round[]): Bounds {
  const killedAt = rounds.find((round) => line.openedAt <= round.killedAt)?.killedAt ?? 0;
  return {
    least: line.writtenBefore(killedAt - LOST_MS - LATENESS_MS),
    most: line.outputTokens,
  };
}

function isWithin({ row }: Pair, { least, most }: Bounds): boolean {
  // A token more or less of a few is no share of them.
  const { outputTokens } = row;
  return outputTokens >= least / ROUGH_SINGLE - 2 && outputTokens <= most * ROUGH_SINGLE + 2;
}

function inputDeviation(pairs: readonly Pair[]): number {
  const ledger = pairs.reduce((sum, { row }) => sum + row.inputTokens, 0);
  const bill = pairs.reduce((sum, { line }) => sum + line.inputTokens, 0);
  return 100 * (ledger / bill - 1);
}
