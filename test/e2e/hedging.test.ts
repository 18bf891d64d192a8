import { afterEach, expect, it } from '@jest/globals';
import { textOf } from '../support/fault-checks.ts';
import { codeName, collect } from '../support/grpc-client.ts';
import { aRequest, startApp } from '../support/running-app.ts';
import { answer, firstTokenAfter, startStubUpstream } from '../support/upstream/index.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const NEVER = new Promise<void>(() => {});

it('a silent upstream is left to a second attempt, which everything tells of', async () => {
  const other = await startStubUpstream();
  const { app, client, log, stub, stop } = await startApp(`
defaultModel: gpt-4o-mini
hedge: { after: 50ms, maxShare: 1 }
targets: { other: { baseUrl: '${other.url}', unknownModels: allow } }
fallback: { chains: { '*': [other] } }
`);
  closers.push(stop, () => other.close());
  stub.enqueue(firstTokenAfter(NEVER));
  other.enqueue(answer({ text: 'Here I am.' }));

  const { messages, status } = await collect(client.provider.stream('SendMessage', aRequest()));
  expect([codeName(status), textOf(messages)]).toEqual(['OK', 'Here I am.']);
  expect(messages[0]?.started).toMatchObject({
    target: 'other',
    attempt: 2,
    warnings: [
      'default/gpt-4o-mini had no output yet, so other/gpt-4o-mini was asked too and was first.',
    ],
  });
  expect(messages.at(-1)?.completed).toMatchObject({
    target: 'other',
    attempts: 2,
    failedAttempts: [],
    usage: { estimated: true },
  });

  const line = await log.ofCall('SendMessage');
  expect(line).toMatchObject({ attempts: 2, hedge: 'won', target: 'other' });
  expect(
    await (await fetch(`http://${app.adminAddress}/calls/${line.call_id}`)).json(),
  ).toMatchObject({
    hedge: 'won',
    why_this_target: 'It was asked beside another one that was silent, and was quicker.',
    attempts: [
      { attempt: 1, target: 'default', outcome: 'CANCELLED' },
      { attempt: 2, target: 'other', outcome: 'completed', hedge: true },
    ],
    charges: [{ attempt: 1, estimated: true }, { attempt: 2 }],
  });
  const { total } = await client.usage.unary('GetUsage', { groupBy: [] });
  expect(total).toMatchObject({ attempts: 2, estimatedAttempts: 1 });
  const metrics = await (await fetch(`http://${app.adminAddress}/metrics`)).text();
  expect(metrics).toMatch(/^tamma_provider_hedges_total\{.*outcome="won".*\} 1$/m);
  const [, cost] = /^tamma_provider_hedge_cost\S*target="default"\S* (\S+)$/m.exec(metrics) ?? [];
  expect(Number(cost)).toBeGreaterThan(0);
  const { upstreams } = (await client.provider.unary('GetStatus')).status as {
    upstreams: { healthy: boolean; models: { circuit: string; running: number }[] }[];
  };
  for (const { healthy, models } of upstreams) {
    expect(healthy).toBe(true);
    expect(models).toMatchObject([{ running: 0 }]);
  }
});
