import { isMapping } from '../../config/values.ts';

/** Shapes of OpenAI's HTTP wire, as far as the stub reads or writes them. */

/** What the stub looks at in a request; every other field is kept as it came. */
export interface ChatRequest {
  readonly model?: string;
  readonly stream?: boolean;
  readonly stream_options?: {
    readonly include_usage?: boolean;
    readonly include_obfuscation?: boolean;
  };
  readonly messages?: readonly { readonly role?: string; readonly content?: unknown }[];
  /** What the Responses API has in the place of messages. */
  readonly input?: string | readonly { readonly role?: string; readonly content?: unknown }[];
  readonly [field: string]: unknown;
}

/** Whether a body, which is any JSON, has the shape in which it is looked at. */
export function isChatRequest(body: unknown): body is ChatRequest {
  if (!isMapping(body)) return false;
  const { model = '', messages, input = [], include } = body;
  const turns = messages ?? (typeof input === 'string' ? [] : input);
  const lists = [turns, include ?? []];
  return (
    typeof model === 'string' && lists.every(Array.isArray) && (turns as unknown[]).every(isMapping)
  );
}

/** What chunks and bodies say about their origin. */
export interface AnswerIdentity {
  /** Default: the model the request names. */
  readonly model?: string;
  /** Default: `default`. */
  readonly serviceTier?: string;
  /** Default: `fp_stub`. */
  readonly systemFingerprint?: string;
  /** Of the text, over `/responses` only. Default: none. */
  readonly annotations?: readonly object[];
  /** Over `/responses` only. Default: absent. */
  readonly toolUsage?: object;
}

/** Reasoning that is to be handed back. */
export interface SealedReasoning {
  readonly id: string;
  readonly encryptedContent: string;
  readonly summary?: readonly string[];
}

export interface ToolCallDelta {
  readonly index: number;
  readonly id?: string;
  readonly type?: 'function' | 'custom';
  readonly function?: { readonly name?: string; readonly arguments?: string };
  readonly custom?: { readonly name?: string; readonly input?: string };
}

export interface Delta {
  readonly role?: 'assistant';
  readonly content?: string | null;
  readonly refusal?: string | null;
  readonly tool_calls?: readonly ToolCallDelta[];
  /** OpenAI sends neither of these; compatible servers send one of them. */
  readonly reasoning_content?: string;
  readonly reasoning?: string;
}

export interface PromptTokensDetails {
  readonly cached_tokens: number;
  readonly cache_write_tokens?: number;
  readonly audio_tokens: number;
  readonly image_tokens?: number;
}

export interface CompletionTokensDetails {
  readonly reasoning_tokens: number;
  readonly audio_tokens: number;
  readonly accepted_prediction_tokens: number;
  readonly rejected_prediction_tokens: number;
}

export interface ChatUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: PromptTokensDetails;
  readonly completion_tokens_details: CompletionTokensDetails;
}

export interface ErrorFields {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** An entry of `GET /v1/models`. */
export interface ListedModel {
  readonly id: string;
  /** ISO 8601 day; absent if none is announced. */
  readonly shutdown_date?: string;
}

export const SSE_DONE = 'data: [DONE]\n\n';

/** Rate-limit headers that OpenAI sends with every answer, also with successful ones. */
const RATE_LIMIT_HEADERS = {
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-limit-tokens': '2000000',
  'x-ratelimit-remaining-requests': '9999',
  'x-ratelimit-remaining-tokens': '1999976',
  'x-ratelimit-reset-requests': '6ms',
  'x-ratelimit-reset-tokens': '12ms',
};

/** The headers of every answer, to which the request id and the content type come. */
export const COMMON_HEADERS = {
  'openai-organization': 'simulated-organization',
  'openai-processing-ms': '42',
  'openai-version': '2020-10-01',
  ...RATE_LIMIT_HEADERS,
};

/** An error with the fields OpenAI always sends; `type` follows from the status unless given. */
export function errorFields(status: number, fields: Partial<ErrorFields> = {}): ErrorFields {
  return {
    message: `The simulator answers ${status}.`,
    type: status >= 500 ? 'server_error' : 'invalid_request_error',
    param: null,
    code: null,
    ...fields,
  };
}

/** The body of `GET /v1/models`. */
export function modelList(models: readonly ListedModel[]): object {
  return { object: 'list', data: models.map(modelObject) };
}

/** The body of `GET /v1/models/ID`. */
export function modelObject(model: ListedModel): object {
  return { object: 'model', created: 1_700_000_000, owned_by: 'system', ...model };
}
