import { expect, it } from '@jest/globals';
import {
  CountTokensResponse,
  GetCapabilitiesResponse,
  GetModelsResponse,
} from '../../../src/gen/tamma/provider/v1/provider.ts';
import type { ModelInfo, ProviderCapabilities } from '../../../src/provider/provider.ts';
import { toWireCapabilities } from '../../../src/server/convert/capabilities.ts';
import { toWireModels, toWireTokenCount } from '../../../src/server/convert/models.ts';

const features = {
  streaming: true,
  functionCalling: true,
  parallelToolUse: false,
  promptCaching: true,
  thinkingMode: false,
  structuredOutputs: true,
  batch: false,
  imageGeneration: false,
  codeExecution: false,
  webSearch: true,
};

const known: ModelInfo = {
  id: 'gpt-5',
  name: 'GPT-5',
  description: 'A model.',
  aliases: ['gpt-5-latest'],
  contextWindow: 400_000,
  maxTokens: 2 ** 40,
  supportsStreaming: true,
  supportsImages: true,
  supportsTools: true,
  pricing: { input: '1.25', cachedInput: '0.125', output: '10', currency: 'USD' },
  capabilities: ['text', 'code'],
  features,
  reasoningEfforts: ['low', 'high'],
  shutdownDate: '2027-01-14',
  replacement: 'gpt-6',
  available: true,
};

const { pricing: _pricing, features: _features, ...unpriced } = known;

it('carries models, with and without what is not known', () => {
  const bytes = GetModelsResponse.encode(toWireModels([known, unpriced])).finish();
  const wire = { ...known, maxTokens: 2 ** 31 - 1 };
  expect(GetModelsResponse.decode(bytes).models).toEqual([
    wire,
    { ...wire, pricing: undefined, features: undefined },
  ]);
});

it('carries the capabilities, with limits beyond int32 clamped', () => {
  const capabilities: ProviderCapabilities = {
    provider: 'openai',
    version: '1.2.3',
    supportsStreaming: true,
    supportsImages: false,
    supportsTools: true,
    maxInputTokens: 400_000,
    maxOutputTokens: 128_000,
    supportedModels: [known],
    features,
    limits: { requestsPerMinute: 500, tokensPerMinute: 1e10, requestsPerDay: 0 },
  };
  const bytes = GetCapabilitiesResponse.encode(toWireCapabilities(capabilities)).finish();
  expect(GetCapabilitiesResponse.decode(bytes)).toEqual({
    ...capabilities,
    supportedModels: [{ ...known, maxTokens: 2 ** 31 - 1 }],
    limits: { requestsPerMinute: 500, tokensPerMinute: 2 ** 31 - 1, requestsPerDay: 0 },
  });
});

it('carries a token count', () => {
  const count = { inputTokens: 12, estimated: true, model: 'gpt-5', tokenizer: 'o200k_base' };
  const bytes = CountTokensResponse.encode(toWireTokenCount(count)).finish();
  expect(CountTokensResponse.decode(bytes)).toEqual(count);
});
