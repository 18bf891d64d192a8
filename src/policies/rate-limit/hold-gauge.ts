import type { ObservableResult } from '@opentelemetry/api';
import type { Clock } from '../../core/clock.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { ModelLabels } from '../../telemetry/model-label.ts';
import type { RateLimiters } from './limiters.ts';

export interface HoldGaugeDeps {
  readonly clock: Clock;
  readonly instruments: Pick<Instruments, 'rateLimitHold'>;
  readonly labels: Pick<ModelLabels, 'label'>;
}

/**
 * Shows for how long the models of one upstream are held back. Models that share a label show as the
 * longest held of them. Returns what ends it.
 *
 * @param upstream its name: `default`, or one of the configuration's `targets`
 */
export function showHolds(
  upstream: string,
  limiters: Pick<RateLimiters, 'status'>,
  { clock, instruments, labels }: HoldGaugeDeps,
): () => void {
  const observe = (gauge: ObservableResult): void => {
    const now = clock.now();
    const holds = new Map<string, number>();
    for (const { model, heldUntil = now } of limiters.status()) {
      const label = labels.label(model);
      holds.set(label, Math.max(holds.get(label) ?? 0, heldUntil - now));
    }
    for (const [label, ms] of holds) {
      gauge.observe(ms / 1_000, {
        [ATTRIBUTE.target]: upstream,
        [ATTRIBUTE.genAiRequestModel]: label,
      });
    }
  };
  instruments.rateLimitHold.addCallback(observe);
  return () => instruments.rateLimitHold.removeCallback(observe);
}
