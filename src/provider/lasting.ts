import type { Tracer } from '@opentelemetry/api';
import type { Clock } from '../core/clock.ts';
import type { ProviderLog } from '../core/provider-log.ts';
import type { PriceNotices } from '../money/pricing/price-notices.ts';
import type { Repeats } from '../money/repeats/repeats.ts';
import type { WaitingRoom } from '../policies/breaker/waiting-room.ts';
import type { NewRateSource } from '../policies/rate-limit/source.ts';
import type { KeptRegister } from '../policies/recovery/kept-register.ts';
import type { PromptSizes } from '../request/tokens/prompt-sizes.ts';
import type { TokenCounter } from '../request/tokens/token-counter.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { ModelLabels } from '../telemetry/model-label.ts';
import type { Books } from './books.ts';
import type { UnknownLog } from './observe/unknown-log.ts';

/** What a provider has whatever its options are, from its first call to its last. */
export interface Lasting {
  readonly clock: Clock;
  /** For what goes by dates. */
  readonly dated: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  /** Whether prompts and answers stand on spans. */
  readonly captureContent: boolean;
  readonly log: ProviderLog;
  /** Makes call ids. */
  readonly newId: () => string;
  readonly tokens: TokenCounter;
  readonly sizes: PromptSizes;
  readonly labels: ModelLabels;
  readonly priceNotices: PriceNotices;
  readonly unknown: UnknownLog;
  /** Where calls wait for a circuit. */
  readonly room: WaitingRoom;
  readonly repeats: Repeats;
  /** Answers that upstreams keep. */
  readonly register: KeptRegister;
  /** Where configured rate limits are drawn from. */
  readonly newSource: NewRateSource;
  /** To be asked for once they are open. */
  readonly books: () => Books;
}
