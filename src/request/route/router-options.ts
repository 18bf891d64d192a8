import type { Clock } from '../../core/clock.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { CountTokens } from '../context/fit-conversation.ts';
import type { FallbackOptions, SharedRoute } from './options.ts';
import type { PrepareOptions, UpstreamRules } from './prepare-at.ts';

export interface RouterOptions extends PrepareOptions {
  /** Model of requests that name none. May name an upstream, too: `azure/gpt-4o`. */
  readonly defaultModel: string;
  /** The upstream that is asked where none is named. */
  readonly home: string;
  /** By name, `home` among them. */
  readonly upstreams: ReadonlyMap<string, UpstreamRules>;
  /** CONTENT_FILTERED has no effect in `on`: what was refused stays refused. */
  readonly fallback: Pick<FallbackOptions, 'on' | 'chains'>;
  /** The first whose pattern fits the model counts. */
  readonly shared: readonly SharedRoute[];
}

export interface RouterDeps {
  /** The catalogue as it stands now. */
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
  /** By which models are shut down. Default: `clock`. */
  readonly dated?: Clock;
  readonly tokens: CountTokens;
  readonly instruments: Pick<Instruments, 'fallbacks'>;
  /**
   * Part of its share of the calls that an upstream gets now for a model, by its id: 0 to 1; 0: it is
   * passed over.
   */
  readonly partOf: (upstream: string, model: string) => number;
}
