import type { MessageResponse, ProviderEvent } from '../../src/provider/events.ts';
import type { MessageRequest } from '../../src/provider/message.ts';
import type {
  CallOptions,
  IAIProvider,
  ProviderCapabilities,
  SendOptions,
  UpstreamStatus,
} from '../../src/provider/provider.ts';
import { completed, SETTINGS, started, text } from './events.ts';

/** What the provider was asked. */
export interface ProviderCall {
  readonly request: MessageRequest;
  readonly options: SendOptions;
}

const FEATURES = {
  streaming: true,
  functionCalling: true,
  parallelToolUse: true,
  promptCaching: true,
  thinkingMode: true,
  structuredOutputs: true,
  batch: false,
  imageGeneration: false,
  codeExecution: false,
  webSearch: false,
};

export const CAPABILITIES: ProviderCapabilities = {
  provider: 'openai',
  version: '1.2.3',
  supportsStreaming: true,
  supportsImages: true,
  supportsTools: true,
  maxInputTokens: 1000,
  maxOutputTokens: 100,
  supportedModels: [],
  features: FEATURES,
  limits: { requestsPerMinute: 10, tokensPerMinute: 20, requestsPerDay: 30 },
};

export function aResponse(fields: Partial<MessageResponse> = {}): MessageResponse {
  const { type: _type, ...outcome } = completed();
  return {
    ...outcome,
    id: 'chatcmpl-1',
    content: 'Hello',
    refusal: '',
    reasoning: '',
    upstreamRequestId: 'req_1',
    effectiveSettings: SETTINGS,
    warnings: [],
    metadata: {},
    ...fields,
  };
}

/** A provider that does what its members, each of which a test may replace, say. */
export class FakeProvider implements IAIProvider {
  /** Of sendMessage, sendMessageSync and countTokens, oldest first. */
  readonly calls: ProviderCall[] = [];
  health: UpstreamStatus[] = [{ endpoint: 'https://upstream.test', healthy: true }];

  answer: (call: ProviderCall) => AsyncIterable<ProviderEvent> = async function* () {
    yield started();
    yield text('Hel');
    yield text('lo');
    yield completed();
  };
  answerSync: (call: ProviderCall) => Promise<MessageResponse> = async () => aResponse();
  describe: () => Promise<ProviderCapabilities> = async () => CAPABILITIES;

  async initialize() {
    return { provider: 'openai', version: '1.2.3', ready: true, warnings: ['look here'] };
  }

  sendMessage(request: MessageRequest, options: SendOptions = {}): AsyncIterable<ProviderEvent> {
    return this.answer(this.#note(request, options));
  }

  sendMessageSync(request: MessageRequest, options: CallOptions = {}): Promise<MessageResponse> {
    return this.answerSync(this.#note(request, options));
  }

  getCapabilities(): Promise<ProviderCapabilities> {
    return this.describe();
  }

  async getModels() {
    return CAPABILITIES.supportedModels;
  }

  async countTokens(request: MessageRequest, options: CallOptions = {}) {
    this.#note(request, options);
    return {
      inputTokens: 7,
      estimated: false,
      model: 'gpt-test',
      tokenizer: 'o200k_base',
      contextWindow: 128_000,
    };
  }

  upstreams(): readonly UpstreamStatus[] {
    return this.health;
  }

  async dispose(): Promise<void> {}

  #note(request: MessageRequest, options: SendOptions): ProviderCall {
    const call = { request, options };
    this.calls.push(call);
    return call;
  }
}
