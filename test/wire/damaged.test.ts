import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import { fewOrMany } from '../support/long.ts';
import { Damage } from './damage.ts';
import { Chance } from './differential/chance.ts';
import { completedOf, foldDeltas, readPieces } from './differential/read.ts';
import { type SaidCase, saidCases, saidIn } from './said.ts';

/**
 * Answers of real servers, damaged by a grammar of JSON and of event streams: whatever comes out is an
 * answer that adds up, or an error of the upstream, never one of ours.
 */

/** Of each case. */
const RUNS = fewOrMany(3, 200);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_128);
const INT32_MAX = 2 ** 31 - 1;

const cases = saidCases('answers');

const corpus = {
  chat_completions: cases.flatMap(({ surface, response }) =>
    surface === 'chat_completions' ? saidIn(response) : [],
  ),
  responses: cases.flatMap(({ surface, response }) =>
    surface === 'responses' ? saidIn(response) : [],
  ),
};

async function readDamaged({ surface = 'responses', response }: SaidCase, seed: number) {
  const chance = new Chance(seed);
  const others = corpus[surface];
  const damaged = new Damage(chance, others).response(
    saidIn(response),
    response.json !== undefined,
  );
  const { events, error } = await readPieces(surface, damaged, chance);
  if (error !== undefined) {
    if (!(error instanceof ProviderError) || error.reason === 'INTERNAL') throw error;
    expect(events.some(({ type }) => type === 'completed')).toBe(false);
    return;
  }
  const completed = completedOf(events);
  expect(events.filter(({ type }) => type === 'completed')).toHaveLength(1);
  const { calls } = foldDeltas(events);
  expect(completed.toolCalls.map(({ name, arguments: args }) => ({ name, args }))).toEqual(
    calls.map(({ name, args }) => ({ name, args })),
  );
  const { usage } = completed;
  for (const count of [usage.inputTokens, usage.outputTokens, usage.totalTokens]) {
    expect(Number.isInteger(count) && count >= 0 && count <= INT32_MAX).toBe(true);
  }
}

describe('a damaged answer adds up, or is an error of the upstream', () => {
  it.each(cases.map((one, index) => [one.file, index] as const))('%s', async (_file, index) => {
    const one = cases[index];
    if (one === undefined) throw new Error('there is no such case');
    for (let run = 0; run < RUNS; run += 1) {
      const seed = SEED + index * 1_000_003 + run;
      try {
        await readDamaged(one, seed);
      } catch (cause) {
        throw new Error(`with the seed ${seed}`, { cause });
      }
    }
  });
});
