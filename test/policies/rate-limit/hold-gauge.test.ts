import { expect, it } from '@jest/globals';
import { showHolds } from '../../../src/policies/rate-limit/hold-gauge.ts';
import type { TargetLoad } from '../../../src/policies/rate-limit/limiters.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { ModelLabels } from '../../../src/telemetry/model-label.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

function load(model: string, heldUntil?: number): TargetLoad {
  const idle = { model, running: 0, queued: 0, concurrencyLimit: 10 };
  return heldUntil === undefined ? idle : { ...idle, heldUntil };
}

it('shows for how long each model is held, and looks no more after it was closed', async () => {
  const clock = new FakeClock();
  const probe = new TelemetryProbe();
  const { instruments } = probe;
  const loads = [
    load('gpt-a', clock.now() + 30_000),
    load('gpt-b'),
    load('unknown-1', clock.now() + 1_000),
    load('unknown-2', clock.now() + 2_000),
  ];
  const labels = new ModelLabels(['gpt-a', 'gpt-b'], 2);
  const close = showHolds(
    'azure',
    { status: () => loads.values() as never },
    {
      clock,
      instruments,
      labels,
    },
  );
  const measured = async () =>
    (await probe.measured(METRICS.rateLimitHold.name)).map(({ attributes, value }) => [
      attributes['tamma.provider.target'],
      attributes['gen_ai.request.model'],
      value,
    ]);
  expect(await measured()).toEqual([
    ['azure', 'gpt-a', 30],
    ['azure', 'gpt-b', 0],
    ['azure', 'other', 2],
  ]);
  close();
  loads[0] = load('gpt-a');
  expect((await measured())[0]).toEqual(['azure', 'gpt-a', 30]);
});
