import { expect, it } from '@jest/globals';
import type { Handler } from '../../../src/core/call.ts';
import type { ErrorReason } from '../../../src/core/error-kinds.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { Circuit } from '../../../src/policies/breaker/circuit.ts';
import { lastResort } from '../../../src/policies/breaker/last-resort.ts';
import { DEFAULT_BREAKER } from '../../../src/policies/breaker/options.ts';
import { WaitingRoom } from '../../../src/policies/breaker/waiting-room.ts';
import { settled } from '../../money/budget/books.ts';
import { aCall, completed, drain } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

/** A call whose first pass over its routes fails so, and of whose later ones one succeeds. */
async function passes(reason: ErrorReason, isRefusedElsewhere: boolean) {
  const { instruments } = new TelemetryProbe();
  const clock = new FakeClock();
  const room = new WaitingRoom(clock);
  const circuit = new Circuit(
    { ...DEFAULT_BREAKER, minimumAttempts: 1 },
    clock,
    () => 0,
    () => {},
  );
  circuit.failed(circuit.admit());
  let count = 0;
  const routes: Handler = async ({ record }) => {
    count += 1;
    if (count > 1) return completed();
    if (isRefusedElsewhere) room.refused(record, circuit);
    throw new ProviderError(reason);
  };
  const stage = lastResort({ room, clock, instruments, maxWaitMs: 5_000 })(routes);
  const ended = drain((emit) => stage(aCall({ deadline: clock.now() + 60_000 }), emit));
  for (let ms = 0; ms < 1_000; ms += 50) {
    await settled();
    clock.advance(50);
  }
  const { error } = await ended;
  room.close();
  circuit.close();
  return { count, reason: error && ProviderError.from(error).reason };
}

it.each([
  ['fails of itself', 'SERVICE_UNAVAILABLE'],
  ['takes no more', 'RATE_LIMIT_EXCEEDED'],
] as const)('waits for an open circuit where another route %s', async (_what, reason) => {
  expect(await passes(reason, true)).toEqual({ count: 2, reason: undefined });
});

it.each([
  ['the request is to blame', 'INVALID_REQUEST', true],
  ['no circuit refused the call', 'SERVICE_UNAVAILABLE', false],
] as const)('fails at once where %s', async (_why, reason, isRefusedElsewhere) => {
  expect(await passes(reason, isRefusedElsewhere)).toEqual({ count: 1, reason });
});
