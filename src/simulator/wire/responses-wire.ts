import { withoutQuery } from './paths.ts';
import type { RecordedRequest } from './recorded-request.ts';
import type { AnswerIdentity, ChatUsage } from './wire.ts';

/** Shapes of the Responses API, as far as the stub writes them. */

export function isResponsesRequest({ path }: Pick<RecordedRequest, 'path'>): boolean {
  return withoutQuery(path) === '/v1/responses';
}

/** How an answer stands: what goes into the response object beside its output. */
export interface ResponseState {
  readonly status: 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';
  readonly output: readonly object[];
  readonly usage?: ChatUsage;
  readonly incompleteReason?: string;
  readonly error?: { readonly code: string | null; readonly message: string };
}

export function responseObject(
  request: RecordedRequest,
  { model, serviceTier = 'default', toolUsage }: AnswerIdentity,
  { status, output, usage, incompleteReason, error }: ResponseState,
): object {
  return {
    id: request.completionId,
    object: 'response',
    created_at: Math.floor(request.receivedAt / 1000),
    status,
    background: request.body.background ?? false,
    error: error ?? null,
    incomplete_details: incompleteReason === undefined ? null : { reason: incompleteReason },
    instructions: null,
    max_output_tokens: request.body.max_output_tokens ?? null,
    metadata: {},
    model: model ?? request.body.model ?? 'simulated-model',
    output,
    parallel_tool_calls: request.body.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null, ...(request.body.reasoning as object | undefined) },
    service_tier: serviceTier,
    store: request.body.store ?? true,
    temperature: request.body.temperature ?? 1,
    text: { format: { type: 'text' }, ...(request.body.text as object | undefined) },
    tool_choice: request.body.tool_choice ?? 'auto',
    tools: request.body.tools ?? [],
    top_p: request.body.top_p ?? 1,
    truncation: 'disabled',
    usage: usage === undefined ? null : responsesUsage(usage),
    ...(toolUsage !== undefined && usage !== undefined && { tool_usage: toolUsage }),
  };
}

function responsesUsage(usage: ChatUsage): object {
  return {
    input_tokens: usage.prompt_tokens,
    input_tokens_details: {
      cached_tokens: usage.prompt_tokens_details.cached_tokens,
      cache_write_tokens: usage.prompt_tokens_details.cache_write_tokens ?? 0,
    },
    output_tokens: usage.completion_tokens,
    output_tokens_details: { reasoning_tokens: usage.completion_tokens_details.reasoning_tokens },
    total_tokens: usage.total_tokens,
  };
}
