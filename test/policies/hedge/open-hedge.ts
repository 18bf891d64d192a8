import type { Call, Emit, Handler } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { Completed } from '../../../src/core/events.ts';
import { endReason } from '../../../src/core/signal.ts';
import { AttemptWindow } from '../../../src/policies/health/attempt-window.ts';
import { FirstOutputs } from '../../../src/policies/hedge/first-outputs.ts';
import { HedgeMetrics } from '../../../src/policies/hedge/hedge-metrics.ts';
import { HedgeShare } from '../../../src/policies/hedge/hedge-share.ts';
import { DEFAULT_HEDGE, type HedgeOptions } from '../../../src/policies/hedge/options.ts';
import { hedge } from '../../../src/policies/hedge/stage.ts';
import { aCall, drain } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

/** One attempt, which does what the test says. */
export interface Made {
  readonly call: Call;
  readonly emit: Emit;
  readonly complete: (completed: Completed) => void;
  readonly fail: (error: unknown) => void;
}

const ELSEWHERE = [{ upstream: 'azure', model: 'gpt-other' }];

/** A hedge stage over attempts that do what the test says, after a second unless it says otherwise. */
export function openHedge(options: Partial<HedgeOptions> = {}) {
  const clock = new FakeClock(0);
  const telemetry = new TelemetryProbe();
  const made: Made[] = [];
  const share = new HedgeShare(options.maxShare ?? 1);
  const window = new AttemptWindow(clock);
  const world = { isCalm: true, hasRoute: true, begins: true };
  const answer: Handler = (call, emit) =>
    new Promise((complete, fail) => {
      call.signal.addEventListener('abort', () => fail(endReason(call.signal)), { once: true });
      made.push({ call, emit, complete, fail });
      if (!world.begins) return;
      call.record.attempts += 1;
      call.record.numbers.last += 1;
      call.record.target = call.upstream;
      call.onAttempt?.();
    });
  const stage = hedge(
    { ...DEFAULT_HEDGE, after: { ms: 1_000 }, maxShare: 1, ...options },
    {
      clock,
      share,
      router: {
        leaves: (_call, { reason }) => reason === 'INVALID_API_KEY',
        beside: async (call, record) => {
          if (!world.hasRoute) return undefined;
          record.model = 'gpt-other';
          return { ...call, upstream: 'azure', model: 'gpt-other', record };
        },
      },
      attemptsAt: () => answer,
      firstOutputs: new FirstOutputs(window, clock),
      isCalm: () => world.isCalm,
      metrics: new HedgeMetrics(telemetry.instruments),
    },
  );
  /** An attempt at the model of these calls has ended that had its first output after so many ms. */
  const seen = (firstMs: number) => {
    const endedAt = clock.now();
    const attempt = {
      attempt: 1,
      target: 'default',
      model: 'gpt-test',
      startedAt: endedAt - firstMs,
    };
    const waits = { queuedMs: 0, backoffMs: 0, left: [] };
    window.note(
      { ...attempt, ...waits, firstOutputAt: endedAt, endedAt, outcome: 'completed', ended: false },
      'gpt-test',
    );
  };
  const run = (fields: Partial<Call> = {}) => {
    const call = aCall({ alternatives: ELSEWHERE, ...fields });
    call.record.model ||= 'gpt-test';
    return { call, outcome: drain((emit) => stage(answer)(call, emit)) };
  };
  /** Lets so many ms pass, and what follows of it. */
  const pass = async (ms: number) => {
    clock.advance(ms);
    for (let turn = 0; turn < 10; turn += 1) await undefined;
  };
  const at = (index: number): Made => made[index] as Made;
  return { clock, telemetry, made, at, share, seen, world, run, pass };
}

export const unavailable = new ProviderError('SERVICE_UNAVAILABLE', { upstreamStatus: 503 });
