import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { CircuitBreakers } from '../../../src/policies/breaker/breakers.ts';
import { type BreakerOptions, DEFAULT_BREAKER } from '../../../src/policies/breaker/options.ts';
import { WaitingRoom } from '../../../src/policies/breaker/waiting-room.ts';
import { ModelLabels } from '../../../src/telemetry/model-label.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

const OPTIONS: BreakerOptions = { ...DEFAULT_BREAKER, firstOpenForMs: 10_000, minimumAttempts: 1 };
const GAUGE = 'tamma.provider.circuit.state';
const _DOWN = new ProviderError('NETWORK_ERROR');

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
});

afterEach(() => {
  jest.useRealTimers();
});

function setUp(known: readonly string[] = []) {
  const probe = new TelemetryProbe();
  const breakers = new CircuitBreakers('azure', OPTIONS, {
    clock: systemClock,
    instruments: probe.instruments,
    labels: new ModelLabels(known),
    log: { info: () => {}, warn: () => {} },
    random: () => 0,
    room: new WaitingRoom(systemClock),
  });
  const trip = async (model: string) => {
    const circuit = breakers.circuit(model);
    circuit.failed(circuit.admit());
  };
  const measured = async () =>
    (await probe.measured(GAUGE)).map(({ attributes, value }) => [
      attributes['tamma.provider.target'],
      attributes['gen_ai.request.model'],
      value,
    ]);
  return { breakers, trip, measured };
}

describe('CircuitBreakers', () => {
  it('admit attempts while a circuit is closed and when a probe is due', async () => {
    const { breakers, trip } = setUp();
    expect(breakers.admits('gpt-a')).toBe(true);
    await trip('gpt-a');
    expect(breakers.admits('gpt-a')).toBe(false);
    jest.advanceTimersByTime(OPTIONS.openForMs);
    expect(breakers.admits('gpt-a')).toBe(true);
    breakers.circuit('gpt-a').admit();
    expect(breakers.admits('gpt-a')).toBe(false);
    breakers.configure({ ...OPTIONS, enabled: false });
    expect(breakers.admits('gpt-a')).toBe(true);
  });

  it('knows models that were never asked as closed, and does not list them', () => {
    const { breakers } = setUp();
    expect(breakers.state('gpt-a')).toBe('closed');
    expect([...breakers.states()]).toEqual([]);
  });

  it('shows the state of each circuit, and one label as the worst of its models', async () => {
    const { breakers, trip, measured } = setUp(['gpt-a', 'gpt-b']);
    breakers.circuit('gpt-a');
    await trip('gpt-b');
    jest.advanceTimersByTime(OPTIONS.openForMs);
    await trip('made-up-1');
    breakers.circuit('made-up-2');
    expect(await measured()).toEqual([
      ['azure', 'gpt-a', 0],
      ['azure', 'gpt-b', 1],
      ['azure', 'other', 2],
    ]);
    breakers.close();
  });

  it('drops the longest unused closed circuit above a thousand', async () => {
    const { breakers, trip } = setUp();
    await trip('open');
    for (let i = 1; i < 1_000; i++) breakers.circuit(`model-${i}`);
    breakers.circuit('model-1');
    breakers.circuit('one-more');
    const models = [...breakers.states()].map(([model]) => model);
    expect(models).toHaveLength(1_000);
    expect(models.slice(0, 2)).toEqual(['open', 'model-3']);
    expect(models.slice(-2)).toEqual(['model-1', 'one-more']);
    breakers.close();
  });

  it('drops the longest unused circuit where none is closed', async () => {
    const { breakers, trip } = setUp();
    for (let i = 0; i < 1_000; i++) await trip(`model-${i}`);
    breakers.circuit('one-more');
    const states = [...breakers.states()];
    expect(states).toHaveLength(1_000);
    expect(states[0]).toEqual(['model-1', 'open']);
    breakers.close();
  });

  it('lets an attempt end in peace whose circuit was dropped', async () => {
    const { breakers } = setUp();
    const circuit = breakers.circuit('dropped');
    const pass = circuit.admit();
    breakers.close();
    circuit.failed(pass);
    circuit.ended(pass);
    expect(() => circuit.admit()).toThrow(expect.objectContaining({ reason: 'CIRCUIT_OPEN' }));
  });

  it('leaves no timer and no gauge behind', async () => {
    const { breakers, trip, measured } = setUp();
    await trip('gpt-a');
    breakers.circuit('gpt-b');
    expect(jest.getTimerCount()).toBe(1);
    breakers.close();
    expect(jest.getTimerCount()).toBe(0);
    expect(await measured()).toEqual([]);
    expect([...breakers.states()]).toEqual([]);
  });
});
