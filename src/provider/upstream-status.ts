import type { Clock } from '../core/clock.ts';
import type { CircuitBreakers } from '../policies/breaker/breakers.ts';
import type { AttemptWindow } from '../policies/health/attempt-window.ts';
import type { UpstreamHealth, UpstreamHealthStatus } from '../policies/health/upstream-health.ts';
import type { KeyRing } from '../policies/keys/key-ring.ts';
import type { RateLimiters } from '../policies/rate-limit/limiters.ts';
import type { Catalogue } from '../request/catalogue/catalogue.ts';
import { pricing } from './model-info.ts';
import type { ModelStatus, UpstreamStatus } from './provider.ts';

/** What stands between calls and an upstream. */
export interface StatusSources {
  readonly target: string;
  readonly clock: Pick<Clock, 'now'>;
  /** By which it is told when something was and will be. */
  readonly dated: Pick<Clock, 'now'>;
  readonly catalogue: () => Catalogue;
  readonly breakers: Pick<CircuitBreakers, 'circuits'>;
  readonly limiters: Pick<RateLimiters, 'status'>;
  readonly health: UpstreamHealth;
  readonly window: AttemptWindow;
  readonly keys: Pick<KeyRing, 'setAside'>;
  /** How many are configured. */
  readonly keyCount: number;
}

/** How an upstream fares, its models by name. */
export function upstreamStatus(sources: StatusSources): UpstreamStatus {
  const { target, health, keys, keyCount } = sources;
  const models = modelStatuses(sources);
  const { status } = health;
  const setAside = keyCount > 1 ? keys.setAside : Math.min(keyCount, Number(isKeyRefused(status)));
  const keysGone = keyCount > 0 && setAside >= keyCount;
  const ready = !keysGone && (models.length === 0 || models.some((model) => model.ready));
  const problems = [
    ...(keysGone
      ? [
          `All its API keys are set aside${isKeyRefused(status) ? `, last for ${status.lastFailure}` : '.'}`,
        ]
      : []),
    ...models.flatMap(({ model, notReadyReason }) =>
      notReadyReason === undefined ? [] : `${model}: ${notReadyReason}`,
    ),
    ...(status.healthy
      ? []
      : [`Most of what was asked lately failed, last with ${status.lastFailure}`]),
    ...(setAside > 0 && !keysGone ? [`${setAside} of ${keyCount} API keys are set aside.`] : []),
  ];
  return { ...status, target, models, keys: keyCount, keysSetAside: setAside, ready, problems };
}

/** An only key is asked with again by calls that have nowhere else to go: the last answer counts. */
function isKeyRefused(status: UpstreamHealthStatus): boolean {
  const { lastSuccessAt = 0, lastFailureAt = 0, lastFailureReason } = status;
  const ofTheKey =
    lastFailureReason === 'INVALID_API_KEY' || lastFailureReason === 'QUOTA_EXCEEDED';
  return ofTheKey && lastFailureAt > lastSuccessAt;
}

/** Of the models that a breaker, a limiter or an attempt knows. */
function modelStatuses(sources: StatusSources): readonly ModelStatus[] {
  const { breakers, limiters, window, catalogue, clock, dated } = sources;
  const now = clock.now();
  const ahead = Math.round(dated.now() - now);
  const found = new Map<string, ModelStatus>();
  const idle = (model: string): ModelStatus => ({
    model,
    circuit: 'closed',
    running: 0,
    queued: 0,
    concurrencyLimit: 0,
  });
  for (const model of window.models()) found.set(model, idle(model));
  for (const [model, { state, changedAt, nextProbeAt }] of breakers.circuits()) {
    found.set(model, {
      ...idle(model),
      circuit: state,
      ...(changedAt !== undefined && { circuitChangedAt: changedAt }),
      ...(state !== 'closed' && { nextProbeAt }),
    });
  }
  for (const load of limiters.status()) {
    found.set(load.model, { ...(found.get(load.model) ?? idle(load.model)), ...load });
  }
  return [...found.values()]
    .toSorted((a, b) => (a.model < b.model ? -1 : 1))
    .map((model) => {
      const reason = notReady(model, now);
      const row = catalogue().find(model.model);
      return {
        ...model,
        ...datesOf(model, ahead),
        ready: reason === undefined,
        ...(reason !== undefined && { notReadyReason: reason }),
        ...(row && pricing(row)),
        // Most look at the state alone, with each call that ends.
        get statistics() {
          return window.statistics(model.model);
        },
      };
    });
}

/** They are kept by the clock for durations. */
function datesOf({ circuitChangedAt, nextProbeAt, heldUntil }: ModelStatus, ahead: number) {
  return {
    ...(circuitChangedAt !== undefined && { circuitChangedAt: circuitChangedAt + ahead }),
    ...(nextProbeAt !== undefined && { nextProbeAt: nextProbeAt + ahead }),
    ...(heldUntil !== undefined && { heldUntil: heldUntil + ahead }),
  };
}

function notReady({ circuit, nextProbeAt = 0, heldUntil }: ModelStatus, now: number) {
  if (circuit === 'open' || (circuit === 'half_open' && nextProbeAt > now)) {
    return 'The circuit is open.';
  }
  return heldUntil === undefined ? undefined : 'It is held back, as the upstream limits the rate.';
}
