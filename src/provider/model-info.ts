import type { Model } from '../core/model.ts';
import { namesOf } from '../request/catalogue/check.ts';
import { promisedPriceWarning } from '../request/catalogue/promised-price.ts';
import { shutdownWarning } from '../request/catalogue/shutdown.ts';
import type { Features, ModelInfo } from './provider.ts';

export interface DescribeOptions {
  /** The name to ask for: the model's id, or another of its names where only that is served. */
  readonly name: string;
  /** The upstream listed it. */
  readonly available: boolean;
  /** The day that the upstream announces, ISO 8601. Empty: none, and the catalogue's counts. */
  readonly announcedShutdown: string;
  /** The upstream is OpenAI's own, so the catalogue's shutdown days concern it. */
  readonly openAI: boolean;
  /** Epoch ms. */
  readonly now: number;
}

/** A model of the catalogue in Tamma's terms. */
export function describeModel(model: Model, options: DescribeOptions): ModelInfo {
  const { name, announcedShutdown } = options;
  const { supports, reasoning, replacement } = model;
  const shutdownDate = announcedShutdown || model.shutdownDate;
  const names = namesOf(model);
  return {
    id: name,
    name: model.name,
    description: model.description,
    // A fine-tuned model is not its base by another name.
    aliases: names.includes(name) ? names.filter((other) => other !== name) : [],
    contextWindow: model.contextWindow ?? 0,
    maxTokens: model.maxOutputTokens ?? 0,
    supportsStreaming: supports.streaming,
    supportsImages: supports.images ?? false,
    supportsTools: supports.tools ?? false,
    ...pricing(model),
    capabilities: model.capabilities,
    features: features(model),
    reasoningEfforts: reasoning.efforts,
    shutdownDate: shutdownDate ?? '',
    replacement: replacement ?? '',
    available: options.available,
    maxInputTokens: model.maxInputTokens ?? 0,
    apis: model.surfaces,
    warnings: warnings(shutdownDate === undefined ? model : { ...model, shutdownDate }, options),
    knowledgeCutoff: model.knowledgeCutoff ?? '',
  };
}

/** A model of which only the upstream's list tells. */
export function describeUnknown(name: string, announcedShutdown: string): ModelInfo {
  return {
    id: name,
    name,
    description: '',
    aliases: [],
    contextWindow: 0,
    maxTokens: 0,
    supportsStreaming: true,
    supportsImages: false,
    supportsTools: false,
    capabilities: [],
    reasoningEfforts: [],
    shutdownDate: announcedShutdown,
    replacement: '',
    available: true,
    maxInputTokens: 0,
    apis: [],
    warnings: [],
    knowledgeCutoff: '',
  };
}

function pricing({ prices }: Model): Pick<ModelInfo, 'pricing'> {
  if (prices === undefined) return {};
  const { input, cachedInput = '', output = '' } = prices.standard;
  return { pricing: { input, cachedInput, output, currency: prices.currency } };
}

function features({ supports, reasoning }: Model): Features {
  return {
    streaming: supports.streaming,
    functionCalling: supports.tools ?? false,
    parallelToolUse: supports.parallelToolCalls ?? false,
    promptCaching: supports.promptCaching ?? false,
    thinkingMode: reasoning.isReasoning,
    structuredOutputs: supports.structuredOutputs ?? false,
    // Whatever the model can do: this provider offers no such call.
    batch: false,
    imageGeneration: false,
    codeExecution: false,
    webSearch: false,
  };
}

function warnings(model: Model, options: DescribeOptions): readonly string[] {
  const { name, now, openAI, announcedShutdown } = options;
  // Elsewhere a model outlives what OpenAI announces of its own, and has other prices.
  const isShutDownHere = openAI || announcedShutdown !== '';
  const shutdown = isShutDownHere ? shutdownWarning(name, model, now) : undefined;
  const price = openAI ? promisedPriceWarning(name, model, now) : undefined;
  return [shutdown, price].filter((warning) => warning !== undefined);
}
