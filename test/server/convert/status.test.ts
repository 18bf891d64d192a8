import { expect, it } from '@jest/globals';
import type { CircuitState } from '../../../src/provider/provider.ts';
import { toWireUpstreamStatus } from '../../../src/server/convert/status.ts';
import { anUpstreamStatus } from '../../support/fake-provider.ts';

const endpoint = 'https://api.openai.com';

it('carries when and why an upstream failed', () => {
  const status = anUpstreamStatus({
    target: 'azure',
    endpoint,
    healthy: false,
    lastSuccessAt: 1000,
    lastFailureAt: 2500,
    lastFailureReason: 'TIMEOUT',
    keys: 4,
    keysSetAside: 3,
  });
  expect(toWireUpstreamStatus(status)).toEqual({
    target: 'azure',
    endpoint,
    healthy: false,
    lastSuccessTime: { seconds: 1n, nanos: 0 },
    lastFailureTime: { seconds: 2n, nanos: 500_000_000 },
    lastFailureReason: 15,
    models: [],
    keys: 4,
    keysSetAside: 3,
    ready: true,
    problems: [],
  });
});

it('leaves out what never happened', () => {
  expect(toWireUpstreamStatus(anUpstreamStatus({ endpoint }))).toMatchObject({
    healthy: true,
    lastSuccessTime: undefined,
    lastFailureTime: undefined,
    lastFailureReason: 0,
  });
});

it('tells until when attempts are held back, and why', () => {
  const model = { model: 'gpt', circuit: 'closed' as const, running: 0, queued: 3 };
  const models = [
    { ...model, concurrencyLimit: 7, heldUntil: 2_500 },
    { ...model, concurrencyLimit: 7 },
  ];
  expect(toWireUpstreamStatus(anUpstreamStatus({ models })).models).toMatchObject([
    { heldUntilTime: { seconds: 2n, nanos: 500_000_000 }, heldReason: 1 },
    { heldUntilTime: undefined, heldReason: 0 },
  ]);
});

it.each<[CircuitState, number]>([
  ['closed', 1],
  ['open', 2],
  ['half_open', 3],
])('carries a circuit that is %s', (circuit, wire) => {
  const model = { model: 'gpt', circuit, running: 3, queued: 2 ** 40, concurrencyLimit: 7.5 };
  expect(toWireUpstreamStatus(anUpstreamStatus({ models: [model] })).models).toMatchObject([
    { model: 'gpt', circuit: wire, running: 3, queued: 2 ** 31 - 1, concurrencyLimit: 7 },
  ]);
});
