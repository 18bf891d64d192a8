import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import type { ResponseCreateParams } from 'openai/resources/responses/responses';
import { isMistral, isOpenAI } from '../request/catalogue/endpoint.ts';

/** The fields of a request that ask for a stream, by API. */
export interface StreamFields {
  readonly chat_completions: Pick<ChatCompletionCreateParams, 'stream' | 'stream_options'>;
  readonly responses: Pick<ResponseCreateParams, 'stream' | 'stream_options'>;
}

/** Obfuscation pads every chunk against eavesdroppers on a network that TLS already covers. */
export const OPENAI_STREAM: StreamFields = {
  chat_completions: {
    stream: true,
    stream_options: { include_usage: true, include_obfuscation: false },
  },
  responses: { stream: true, stream_options: { include_obfuscation: false } },
};

/** Others do not pad, and those that check what they are sent refuse a word of it: TensorRT-LLM. */
const COMPATIBLE_STREAM: StreamFields = {
  chat_completions: { stream: true, stream_options: { include_usage: true } },
  responses: { stream: true },
};

/** Mistral tells the usage unasked, and answers 422 to whoever asks: openai-agents-python#442. */
const MISTRAL_STREAM: StreamFields = {
  chat_completions: { stream: true },
  responses: { stream: true },
};

/** How the server at a base URL is asked for a stream. */
export function streamFieldsFor(baseUrl: string): StreamFields {
  if (isOpenAI(baseUrl)) return OPENAI_STREAM;
  return isMistral(baseUrl) ? MISTRAL_STREAM : COMPATIBLE_STREAM;
}
