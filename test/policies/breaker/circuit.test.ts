import { expect, it } from '@jest/globals';
import { Circuit, PROBE_MS } from '../../../src/policies/breaker/circuit.ts';
import { DEFAULT_BREAKER } from '../../../src/policies/breaker/options.ts';
import { FakeClock } from '../../support/fake-clock.ts';

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
