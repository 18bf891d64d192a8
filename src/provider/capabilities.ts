import type { RateLimitOptions } from '../policies/rate-limit/options.ts';
import type { Features, ModelInfo, ProviderCapabilities } from './provider.ts';

/** What a provider can do that serves these models within these limits. */
export function capabilitiesOf(
  models: readonly ModelInfo[],
  rateLimit: RateLimitOptions,
  hasBatches = false,
): Omit<ProviderCapabilities, 'provider' | 'version'> {
  const features: Features = {
    streaming: true,
    functionCalling: some(models, 'functionCalling'),
    parallelToolUse: some(models, 'parallelToolUse'),
    promptCaching: some(models, 'promptCaching'),
    thinkingMode: some(models, 'thinkingMode'),
    structuredOutputs: some(models, 'structuredOutputs'),
    batch: hasBatches,
    imageGeneration: known(models, 'imageGeneration'),
    codeExecution: known(models, 'codeExecution'),
    webSearch: known(models, 'webSearch'),
    fileSearch: known(models, 'fileSearch'),
    mcp: known(models, 'mcp'),
    customTools: some(models, 'customTools'),
    applyPatch: known(models, 'applyPatch'),
    shell: known(models, 'shell'),
    files: some(models, 'files'),
  };
  return {
    supportsStreaming: features.streaming,
    supportsImages: models.some((model) => model.supportsImages || isUnknown(model)),
    supportsTools: features.functionCalling,
    maxInputTokens: largest(models, (model) => model.maxInputTokens || model.contextWindow),
    maxOutputTokens: largest(models, (model) => model.maxTokens),
    supportedModels: models,
    features,
    limits: limitsOf(rateLimit),
    unserved: [],
  };
}

/** What is configured; what is learned from the upstream is its own, and changes. */
function limitsOf(rateLimit: RateLimitOptions): ProviderCapabilities['limits'] {
  const { requestsPerMinute = 0, tokensPerMinute = 0, requestsPerDay = 0 } = rateLimit;
  if (!rateLimit.enabled) return { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0 };
  return { requestsPerMinute, tokensPerMinute, requestsPerDay };
}

/** A model of which nothing is known may be capable of anything, and nothing is kept from it. */
function some(models: readonly ModelInfo[], feature: keyof Features): boolean {
  return models.some((model) => model.features?.[feature] ?? true);
}

/** What must be allowed, or goes over one API alone, is not assumed of a model that nobody knows. */
function known(models: readonly ModelInfo[], feature: keyof Features): boolean {
  return models.some((model) => model.features?.[feature] ?? false);
}

function isUnknown(model: ModelInfo): boolean {
  return model.features === undefined;
}

function largest(models: readonly ModelInfo[], tokensOf: (model: ModelInfo) => number): number {
  return Math.max(0, ...models.map(tokensOf));
}
