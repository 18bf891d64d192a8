/** The API of the upstream over which a model is asked. */
export type Surface = 'chat_completions' | 'responses';

/** The tokenizers that OpenAI's models use. */
export type TokenizerName = 'o200k_base' | 'cl100k_base';

/** Parameters of a request that some models reject, by their names in MessageRequest. */
export const MODEL_PARAMETERS = [
  'temperature',
  'topP',
  'frequencyPenalty',
  'presencePenalty',
  'stop',
  'seed',
  'logitBias',
  'prediction',
  'reasoningEffort',
  'verbosity',
  'tools',
  'parallelToolCalls',
] as const;

export type ModelParameter = (typeof MODEL_PARAMETERS)[number];

/**
 * What is known of a model: one row of the catalogue, or what was declared of a model that has none.
 * Nothing here is a guess: what no source tells is absent, and then nothing is refused because of it.
 */
export interface Model {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly description: string;
  /** Other names that mean this row. */
  readonly aliases: readonly string[];
  /** Dated names of this row; a caller who asks for one gets that one. */
  readonly snapshots: readonly string[];
  /** ISO 8601 day after which OpenAI does not serve it. */
  readonly shutdownDate?: string;
  /** Id of the row that OpenAI recommends instead. */
  readonly replacement?: string;
  /** Tokens of prompt and answer together. */
  readonly contextWindow?: number;
  /** Most tokens of a prompt, where that is less than the window leaves. */
  readonly maxInputTokens?: number;
  /** Most tokens of an answer, reasoning included. */
  readonly maxOutputTokens?: number;
  /** Empty: not known; the upstream's common surface is used. */
  readonly surfaces: readonly Surface[];
  /** Whether the Batch API takes it. */
  readonly batch: boolean;
  readonly capabilities: readonly ('text' | 'code' | 'reasoning' | 'embeddings')[];
  readonly supports: ModelSupport;
  /** The role that carries instructions. `user`: it takes none, they go into the first user turn. */
  readonly instructionRole: 'system' | 'developer' | 'user';
  /** The name of the output limit in Chat Completions. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  readonly reasoning: ModelReasoning;
  /** Parameters it answers 400 to. */
  readonly rejects: readonly ModelParameter[];
  /** Of `rejects`, those it accepts while its effort is `none`. */
  readonly acceptsWithoutReasoning: readonly ModelParameter[];
  readonly tokenizer: TokenizerName;
  /** The tokenizer is a guess, so counts are estimates. */
  readonly tokenizerAssumed: boolean;
  /** ISO 8601 day. */
  readonly knowledgeCutoff?: string;
  /** Absent: no price is known. */
  readonly prices?: ModelPrices;
  /** Where each figure comes from, by field. Empty for a declared model. */
  readonly sources: Readonly<Record<string, readonly string[]>>;
}

/** Absent: not known. */
export interface ModelSupport {
  readonly streaming: boolean;
  readonly images?: boolean;
  readonly tools?: boolean;
  /** Whether tools work over Chat Completions; `without_reasoning`: only with effort `none`. */
  readonly toolsOnChatCompletions?: boolean | 'without_reasoning';
  readonly parallelToolCalls?: boolean;
  readonly structuredOutputs?: boolean;
  readonly jsonMode?: boolean;
  readonly predictedOutputs?: boolean;
  readonly promptCaching?: boolean;
  /** Tools whose input is free text or of a grammar. */
  readonly customTools?: boolean;
  readonly applyPatch?: boolean;
  readonly shell?: boolean;
  readonly webSearch?: boolean;
  readonly fileSearch?: boolean;
  readonly codeInterpreter?: boolean;
  readonly imageGeneration?: boolean;
  readonly mcp?: boolean;
  /** Documents such as PDFs. */
  readonly files?: boolean;
}

export interface ModelReasoning {
  readonly isReasoning: boolean;
  /** Values of reasoning_effort it takes, weakest first. Empty: none, or not known. */
  readonly efforts: readonly string[];
  readonly defaultEffort?: string;
  /**
   * The field of an assistant turn in which Chat Completions wants the turn's reasoning back, as text.
   * Absent: it takes none.
   */
  readonly sendBackAs?: 'reasoning_content' | 'reasoning';
}

/** Dollars per million tokens, as exact decimal strings. */
export interface TokenPrices {
  readonly input: string;
  /** Absent: cached input costs what input costs. */
  readonly cachedInput?: string;
  /** Absent: writing the cache is not billed. */
  readonly cacheWrite?: string;
  /** For a lifetime of 12 hours, where that costs more. */
  readonly cacheWrite12h?: string;
  /** Of audio among the input, and the output. Absent: not known. */
  readonly audioInput?: string;
  readonly audioOutput?: string;
  /** Absent for models that answer with something else than tokens. */
  readonly output?: string;
}

export interface ModelPrices {
  readonly currency: 'USD';
  readonly standard: TokenPrices;
  /** For the whole request once its input has more than `aboveInputTokens`. */
  readonly longContext?: TokenPrices & {
    readonly aboveInputTokens: number;
    /** Whether `priority` serves such a request, too, in proportion. Default false: `default` serves it. */
    readonly inPriority?: boolean;
  };
  readonly batch?: TokenPrices;
  readonly flex?: TokenPrices;
  readonly priority?: TokenPrices;
  /** What the price of every token is multiplied by at a regional endpoint of OpenAI's, an exact decimal. Absent: 1. */
  readonly regionalFactor?: string;
  /** ISO 8601 day until which the standard price was promised: since then it may be another. */
  readonly promisedUntil?: string;
  /** Dollars per call of a hosted tool, by its name, as exact decimal strings. */
  readonly tools?: Readonly<Record<string, string>>;
  /** Standard prices of the past, oldest first. */
  readonly history: readonly (TokenPrices & { readonly until: string })[];
}

/** A model asked over one surface: what a call was resolved to. */
export interface Target {
  readonly model: Model;
  readonly surface: Surface;
  /** Of the catalogue that the model is from. Absent: it is from none. */
  readonly catalogueVersion?: string;
}

/**
 * A model of which nothing is known but its name. Its output limit goes by the name that every
 * compatible server knows, and nothing is refused on its behalf.
 */
export function unknownModel(id: string): Model {
  return {
    id,
    name: id,
    description: '',
    aliases: [],
    snapshots: [],
    surfaces: [],
    batch: false,
    capabilities: ['text'],
    supports: { streaming: true },
    instructionRole: 'system',
    maxTokensField: 'max_tokens',
    reasoning: { isReasoning: false, efforts: [] },
    rejects: [],
    acceptsWithoutReasoning: [],
    tokenizer: 'o200k_base',
    tokenizerAssumed: true,
    sources: {},
  };
}
