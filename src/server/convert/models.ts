import type * as wireModel from '../../gen/tamma/provider/v1/model.ts';
import type * as wire from '../../gen/tamma/provider/v1/provider.ts';
import type { Features, ModelInfo, TokenCount } from '../../provider/provider.ts';
import { toCount } from './count.ts';

export function toWireModels(models: readonly ModelInfo[]): wire.GetModelsResponse {
  return { models: models.map(toWireModel) };
}

export function toWireModel(model: ModelInfo): wireModel.ModelInfo {
  return {
    id: model.id,
    name: model.name,
    description: model.description,
    aliases: [...model.aliases],
    contextWindow: toCount(model.contextWindow),
    maxTokens: toCount(model.maxTokens),
    supportsStreaming: model.supportsStreaming,
    supportsImages: model.supportsImages,
    supportsTools: model.supportsTools,
    pricing: model.pricing && { ...model.pricing },
    capabilities: [...model.capabilities],
    features: model.features && toWireFeatures(model.features),
    reasoningEfforts: [...model.reasoningEfforts],
    shutdownDate: model.shutdownDate,
    replacement: model.replacement,
    available: model.available,
    maxInputTokens: toCount(model.maxInputTokens),
    apis: [...model.apis],
    warnings: [...model.warnings],
    knowledgeCutoff: model.knowledgeCutoff,
  };
}

export function toWireFeatures(features: Features): wireModel.Features {
  return { ...features };
}

export function toWireTokenCount(count: TokenCount): wire.CountTokensResponse {
  return {
    inputTokens: toCount(count.inputTokens),
    estimated: count.estimated,
    model: count.model,
    tokenizer: count.tokenizer,
    contextWindow: toCount(count.contextWindow),
  };
}
