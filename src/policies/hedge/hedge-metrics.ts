import type { Call } from '../../core/call.ts';
import type { Charge, HedgeOutcome } from '../../core/call-record.ts';
import { toDollars } from '../../money/pricing/money.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';

/** What second attempts bring, and what they cost. */
export class HedgeMetrics {
  readonly #instruments: Pick<Instruments, 'hedges' | 'hedgeCost' | 'hedgeSaved'>;

  constructor(instruments: Pick<Instruments, 'hedges' | 'hedgeCost' | 'hedgeSaved'>) {
    this.#instruments = instruments;
  }

  /** The caller had its first output so much sooner, in ms. */
  saved({ upstream }: Call, ms: number): void {
    this.#instruments.hedgeSaved.add(ms / 1_000, { [ATTRIBUTE.target]: upstream });
  }

  /** What the attempts cost that did not count. */
  spent({ upstream }: Call, charges: readonly Charge[]): void {
    let sum = 0n;
    for (const { cost } of charges) sum += cost?.picoDollars ?? 0n;
    if (sum > 0n) {
      this.#instruments.hedgeCost.add(toDollars(sum), { [ATTRIBUTE.target]: upstream });
    }
  }

  ended({ upstream }: Call, outcome: HedgeOutcome): void {
    this.#instruments.hedges.add(1, {
      [ATTRIBUTE.target]: upstream,
      [ATTRIBUTE.outcome]: outcome,
    });
  }
}
