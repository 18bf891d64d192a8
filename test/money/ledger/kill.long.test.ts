import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { formatDollars } from '../../../src/money/pricing/money.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { random } from '../../support/random.ts';
import { aDirectory, aLedger, recordsIn, segments } from './support.ts';

/**
 * More by LEDGER_KILLS. A process settles hundreds of attempts in a second: each kill is within
 * 50 ms of an end that was told.
 */
const ROUNDS = Number(process.env.LEDGER_KILLS ?? 60);

/** What a process said of a call. */
interface Told {
  readonly tokens: Set<number>;
  settled?: { readonly costUsd: string; readonly outputTokens: number };
  isVoid: boolean;
}

/** Lets a process spend, and kills it after so long. What it said until then. */
async function spendAndKill(directory: string, seed: number, afterMs: number): Promise<string> {
  const path = join(aDirectory(), 'out');
  const out = openSync(path, 'w');
  const script = join(__dirname, 'spend-until-killed.ts');
  const child = fork(script, [directory, String(seed), `call-${seed}`], {
    stdio: ['ignore', out, 'inherit', 'ipc'],
    // Most of its life would be the start.
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'ledger-kill-cache') },
  });
  try {
    await once(child, 'message');
    await sleep(afterMs);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    closeSync(out);
  }
  return readFileSync(path, 'utf8');
}

function read(output: string): Map<string, Told> {
  const calls = new Map<string, Told>();
  // The last line may be torn: what it would have told is not known.
  for (const line of output.split('\n').slice(0, -1)) {
    const [what = '', id = '', ...figures] = line.split(' ');
    if (what === 'opened') calls.set(id, { tokens: new Set([0]), isVoid: false });
    else if (what !== 'written') hear(calls.get(id), what, figures);
  }
  return calls;
}

function hear(call: Told | undefined, what: string, [first = '', second]: readonly string[]): void {
  if (call === undefined) throw new Error(`${what}, but not opened`);
  if (what === 'progress') call.tokens.add(Number(first));
  else if (what === 'void') call.isVoid = true;
  else {
    call.settled = { costUsd: formatDollars(BigInt(first)), outputTokens: Number(second) };
  }
}

type Row = ReturnType<typeof recordsIn>[number];

/** What is wrong with the record of a call; nothing if it is as it should be. */
function wrongWith(id: string, told: Told, row: Row | undefined): readonly string[] {
  // Those that were not void are looked at by `unexplained`.
  if (row === undefined) return told.settled === undefined ? [] : [`${id} is lost`];
  if (told.isVoid) return [`${id} is void, and counts`];
  const { output_tokens: tokens, cost_usd: costUsd, outcome } = row;
  const { settled } = told;
  if (settled !== undefined) {
    const exact = settled.costUsd === costUsd && settled.outputTokens === tokens;
    return exact && outcome === 'completed' ? [] : [`${id} was told another cost`];
  }
  // Settled, and killed before it could say so.
  if (outcome === 'completed') return [];
  const estimate = formatDollars(10n * 3n + BigInt(Number(tokens)) * 7n);
  const known = told.tokens.has(Number(tokens));
  return costUsd === estimate && known ? [] : [`${id} is a wrong estimate`];
}

/**
 * Calls without a record, behind the first of each process: that one may have become void right before
 * its process was killed, which could not say so any more.
 */
function unexplained(lost: readonly string[]): readonly string[] {
  const processOf = (id: string) => id.split('-')[1];
  return lost.filter((id, at) => lost.findIndex((one) => processOf(one) === processOf(id)) < at);
}

describe('a ledger whose process is killed at any moment', () => {
  it('loses nothing that was sent, counts nothing twice, and has what was told exactly', async () => {
    const directory = aDirectory();
    const chance = random(2026);
    const told = new Map<string, Told>();
    for (let round = 0; round < ROUNDS; round++) {
      const output = await spendAndKill(directory, round, chance() * 120);
      for (const [id, call] of read(output)) told.set(id, call);
    }

    const { ledger } = aLedger({ directory }, new FakeClock(Date.now()));
    const rows = recordsIn(directory);
    const byId = new Map(rows.map((row) => [String(row.call_id), row]));
    expect(byId.size).toBe(rows.length);
    expect([...told].flatMap(([id, call]) => wrongWith(id, call, byId.get(id)))).toEqual([]);
    const lost = [...told].filter(([id, { isVoid }]) => !isVoid && !byId.has(id));
    expect(unexplained(lost.map(([id]) => id))).toEqual([]);
    // Of each process at most one was opened of which it could not tell any more.
    expect(rows.filter(({ call_id: id }) => !told.has(String(id))).length).toBeLessThanOrEqual(
      ROUNDS,
    );

    const { total } = await ledger.sums({ groupBy: [] });
    expect(total.attempts).toBe(rows.length);
    const estimates = rows.filter(({ outcome }) => outcome === 'PROCESS_DIED');
    expect(total.estimatedAttempts).toBe(estimates.length);
    expect(estimates.length).toBeGreaterThan(0);
    const spent = rows.reduce((sum, { cost_usd: cost }) => sum + pico(String(cost)), 0n);
    expect(total.picoDollars).toBe(spent);
    expect(segments(directory)).toHaveLength(1);
  });
});

function pico(dollars: string): bigint {
  const [whole = '', fraction = ''] = dollars.split('.');
  return BigInt(whole + fraction.padEnd(12, '0'));
}
