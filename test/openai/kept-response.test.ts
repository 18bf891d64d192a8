import { describe, expect, it } from '@jest/globals';
import { KeptResponse, type KeptResponseDeps } from '../../src/openai/kept-response.ts';
import { aCall } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** One whose first connection brought events 0 to 2, and whose second has begun. */
async function resumed(): Promise<KeptResponse> {
  const unreachable = { build: () => Promise.reject(new Error('unreachable')) };
  const deps = { clock: new FakeClock(), resources: () => unreachable };
  const kept = new KeptResponse(aCall(), deps as unknown as KeptResponseDeps);
  for (const sequence of [0, 1, 2]) expect(kept.reached(sequence)).toBe(true);
  await expect(kept.goOn(aCall(), () => {})).rejects.toThrow();
  return kept;
}

describe('an answer that goes on', () => {
  it('takes no event a second time', async () => {
    const kept = await resumed();
    expect([1, 2, 3, 4].map((sequence) => kept.reached(sequence))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(kept.events).toBe(5);
  });

  it('does not go on behind a gap', async () => {
    const kept = await resumed();
    expect(() => kept.reached(4)).toThrow('hung up');
    expect(kept.events).toBe(3);
  });
});
