/** What a source of prices says of a model, standard tier, in dollars per million tokens. */
export interface SourcePrices {
  readonly input?: number | undefined;
  readonly cachedInput?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly output?: number | undefined;
  /** Of a long prompt. */
  readonly long?: Omit<SourcePrices, 'long'> | undefined;
}

/** A source of prices of OpenAI's models. */
export interface PriceSource {
  /** With its version or day. */
  readonly name: string;
  /** By id; those that are asked with messages. */
  readonly models: ReadonlyMap<string, SourcePrices>;
}

/** Names of OpenAI's models that are asked with something else than messages, or answer with it. */
export const OTHER_MODELS =
  /embedding|whisper|tts|dall-e|image|sora|moderation|realtime|audio|transcribe|babbage|davinci|instruct|^ft:/;

export type Kind = 'new' | 'gone' | 'priced otherwise';

/** In what a source and the catalogue differ. */
export interface Difference {
  readonly kind: Kind;
  readonly model: string;
  /** A sentence fragment: `input 4, there 5`. */
  readonly what: string;
}
