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
  customTools: true,
  applyPatch: true,
  shell: true,
  fileSearch: true,
  mcp: true,
  files: true,
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
  maxInputTokens: 272_000,
  apis: ['responses', 'chat_completions'],
  warnings: ['It is shut down on 2027-01-14.'],
  knowledgeCutoff: '2024-09-30',
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
    unserved: ['request.some_field'],
  };
  const bytes = GetCapabilitiesResponse.encode(toWireCapabilities(capabilities)).finish();
  expect(GetCapabilitiesResponse.decode(bytes)).toEqual({
    ...capabilities,
    supportedModels: [{ ...known, maxTokens: 2 ** 31 - 1 }],
    limits: { requestsPerMinute: 500, tokensPerMinute: 2 ** 31 - 1, requestsPerDay: 0 },
  });
});

it('carries a model of which nothing is known but its name', () => {
  const unknown: ModelInfo = {
    id: 'local-model',
    name: 'local-model',
    description: '',
    aliases: [],
    contextWindow: 0,
    maxTokens: 0,
    supportsStreaming: true,
    supportsImages: false,
    supportsTools: false,
    capabilities: [],
    reasoningEfforts: [],
    shutdownDate: '',
    replacement: '',
    available: false,
    maxInputTokens: 0,
    apis: [],
    warnings: [],
    knowledgeCutoff: '',
  };
  const bytes = GetModelsResponse.encode(toWireModels([unknown])).finish();
  expect(GetModelsResponse.decode(bytes).models).toEqual([
    { ...unknown, pricing: undefined, features: undefined },
  ]);
});

it.each([
  ['with the window', 400_000, 400_000],
  ['with a window beyond int32 clamped', 2 ** 40, 2 ** 31 - 1],
  ['of a model whose window is not known', 0, 0],
])('carries a token count %s', (_name, contextWindow, onTheWire) => {
  const count = { inputTokens: 12, estimated: true, model: 'gpt-5', tokenizer: 'o200k_base' };
  const sent = toWireTokenCount({ ...count, contextWindow });
  const received = CountTokensResponse.decode(CountTokensResponse.encode(sent).finish());
  expect(received).toEqual({ ...count, contextWindow: onTheWire });
});
