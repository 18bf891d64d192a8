import { expect, it } from '@jest/globals';
import { Circuit, PROBE_MS } from '../../../src/policies/breaker/circuit.ts';
import { DEFAULT_BREAKER } from '../../../src/policies/breaker/options.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** How long a circuit stays open at each of so many openings behind one another, in ms. */
function openings(count: number, random: () => number): number[] {
  const clock = new FakeClock();
  const circuit = new Circuit({ ...DEFAULT_BREAKER, minimumAttempts: 1 }, clock, random, () => {});
  return Array.from({ length: count }, () => {
    circuit.failed(circuit.admit());
    const openMs = circuit.nextProbeAt - clock.now();
    clock.advance(openMs);
    return openMs;
  });
}

it('opens for a second or two at first, twice as long after each probe that fails, and ten seconds at most', () => {
  expect(openings(5, () => 0)).toEqual([1_000, 2_000, 4_000, 8_000, 10_000]);
});

it('spreads the time by chance, so that the probes of several targets do not fall into step', () => {
  expect(openings(4, () => 0.5)).toEqual([1_500, 3_000, 6_000, 10_000]);
});

it('is not opened by answers that break off together, beside others that are answered', () => {
  const clock = new FakeClock();
  const circuit = new Circuit(
    DEFAULT_BREAKER,
    clock,
    () => 0,
    () => {},
  );
  const passes = Array.from({ length: 60 }, () => circuit.admit());
  for (const pass of passes) circuit.delivers(pass);
  clock.advance(5_000);
  for (const pass of passes.slice(0, 20)) circuit.failed(pass);
  expect(circuit.state).toBe('closed');
  circuit.close();
});

it('finds that a part is answered by a probe that is answered after another one failed, which is told sooner', () => {
  const clock = new FakeClock();
  const circuit = new Circuit(
    DEFAULT_BREAKER,
    clock,
    () => 0,
    () => {},
  );
  for (let failure = 0; failure < 10; failure += 1) circuit.failed(circuit.admit());
  clock.advance(1_000);
  const answered = circuit.admit();
  clock.advance(PROBE_MS);
  circuit.failed(circuit.admit());
  expect([circuit.state, circuit.refuses(false)]).toEqual(['open', true]);
  circuit.delivers(answered);
  expect([circuit.state, circuit.refuses(true), circuit.refuses(false)]).toEqual([
    'open',
    true,
    false,
  ]);
  circuit.close();
});
