import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import type { ResponseCreateParams } from 'openai/resources/responses/responses';
import { isMistral, isOpenAI } from '../../request/catalogue/endpoint.ts';
import { type CallForm, MISTRAL_CALLS, OPENAI_CALLS } from './call-ids.ts';

/** The fields of a request that ask for a stream, by API. */
interface StreamFields {
  readonly chat_completions: Pick<ChatCompletionCreateParams, 'stream' | 'stream_options'>;
  readonly responses: Pick<ResponseCreateParams, 'stream' | 'stream_options'>;
}

/** How a server is asked, where servers differ in what they take. */
export interface Dialect {
  readonly stream: StreamFields;
  /**
   * Whether what is nothing but texts is sent over Chat Completions as one of them: DeepSeek, Cloudflare and others take
   * no list where OpenAI takes one.
   */
  readonly joinsTexts: boolean;
  /** Whether each piece of a text may say all that came before it: DashScope's plan for coding does, OpenAI never. */
  readonly piecesMayGrow: boolean;
  /** Of every model there. Absent: what the model takes, by its name. */
  readonly calls?: CallForm;
}

/** Obfuscation pads every chunk against eavesdroppers on a network that TLS already covers. */
export const OPENAI_DIALECT: Dialect = {
  stream: {
    chat_completions: {
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
    },
    responses: { stream: true, stream_options: { include_obfuscation: false } },
  },
  joinsTexts: false,
  piecesMayGrow: false,
  calls: OPENAI_CALLS,
};

/** Others do not pad, and those that check what they are sent refuse a word of it: TensorRT-LLM. */
const COMPATIBLE: Dialect = {
  stream: {
    chat_completions: { stream: true, stream_options: { include_usage: true } },
    responses: { stream: true },
  },
  joinsTexts: true,
  piecesMayGrow: true,
};

/** Mistral tells the usage unasked, and answers 422 to whoever asks: openai-agents-python#442. */
const MISTRAL: Dialect = {
  ...COMPATIBLE,
  stream: { chat_completions: { stream: true }, responses: { stream: true } },
  calls: MISTRAL_CALLS,
};

/** How the server at a base URL is spoken to. */
export function dialectOf(baseUrl: string): Dialect {
  if (isOpenAI(baseUrl)) return OPENAI_DIALECT;
  return isMistral(baseUrl) ? MISTRAL : COMPATIBLE;
}
