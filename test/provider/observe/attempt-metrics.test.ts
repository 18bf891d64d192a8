import { expect, it } from '@jest/globals';
import { AttemptMetrics } from '../../../src/provider/observe/attempt-metrics.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { ModelLabels } from '../../../src/telemetry/model-label.ts';
import { completed } from '../../support/events.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

it('has as many series after 5,000 models that nobody knows as after one', async () => {
  const probe = new TelemetryProbe();
  const server = { address: 'api.example.com', port: 443 };
  const metrics = new AttemptMetrics(probe.instruments, new ModelLabels(['gpt-test']), server);
  const send = (model: string) =>
    metrics.record({
      summary: {
        attempt: 1,
        target: 'default',
        model,
        startedAt: 0,
        firstOutputAt: 1,
        endedAt: 2,
        outcome: 'completed',
        ended: false,
        queuedMs: 0,
        backoffMs: 0,
        left: [],
      },
      request: { messages: [] },
      completed: completed({ model, serviceTier: model }),
      responseModel: model,
      chunks: 2,
      faults: ['empty'],
    });
  const series = async () => {
    const all = Object.values(METRICS).map(({ name }) => probe.measured(name));
    return (await Promise.all(all)).flat().length;
  };
  send('invented');
  const after1 = await series();
  for (let i = 0; i < 5_000; i += 1) send(`invented-${i}`);
  expect(await series()).toBe(after1);
  expect(after1).toBe(13);
});
