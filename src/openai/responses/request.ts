import type { ResponseCreateParams } from 'openai/resources/responses/responses';
import type { Call } from '../../core/call.ts';
import type { HostedTool, MessageRequest } from '../../core/message.ts';
import { present, unlessEmpty } from '../../core/present.ts';
import { inputRoom } from '../../request/context/room.ts';
import { toCacheOptions } from '../request/cache-options.ts';
import { OPENAI_DIALECT } from '../request/dialect.ts';
import type { McpServers } from './hosted-tools.ts';
import { toInput } from './input.ts';
import { toResponsesTools, toTextFormat } from './tools.ts';

type Params = ResponseCreateParams;

/**
 * The call as a Responses request, streaming unless the model cannot. What the caller left out is
 * left out here, so that the upstream's default holds, with two exceptions: nothing is stored at the
 * upstream unless the call says so, and a function is not strict unless the caller says so.
 *
 * @param call prepared for this surface: the API has no place for penalties, stop strings, a seed,
 *   token biases, a prediction and participants' names, and they are not sent
 * @param servers MCP servers of the configuration
 * @param dialect how the upstream is spoken to; default: as OpenAI is
 */
export function toResponsesRequest(
  call: Call,
  servers: McpServers = {},
  { stream } = OPENAI_DIALECT,
): Params {
  const { model, request, target } = call;
  return {
    model,
    input: toInput(request.messages, target.model.instructionRole, call.upstream),
    ...(target.model.supports.streaming && stream.responses),
    // In the background an answer outlives its connection, and is stored for that. With `store` left
    // out it is so everywhere, and no longer than needed where the account has it that way.
    ...(call.keeps ? { background: true } : { store: false }),
    ...present({ include: unlessEmpty(toInclude(call)) }),
    ...toSamplingParams(request),
    ...toResponsesTools(request, servers),
    ...toContextManagement(call),
    ...toServiceParams(request),
  };
}

type Includable = NonNullable<Params['include']>[number];

/** What tools found and printed is left out of an answer unless it is asked for. */
const FINDINGS: Readonly<Partial<Record<HostedTool['type'], Includable>>> = {
  web_search: 'web_search_call.action.sources',
  file_search: 'file_search_call.results',
  code_interpreter: 'code_interpreter_call.outputs',
};

function toInclude({ request, target }: Call): Includable[] {
  const findings = (request.hostedTools ?? []).flatMap(({ type }) => FINDINGS[type] ?? []);
  // What is not stored for long must be carried. Models that do not reason answer 400 to this.
  if (!target.model.reasoning.isReasoning) return findings;
  return ['reasoning.encrypted_content', ...findings];
}

/** Less, and OpenAI refuses it. */
const LEAST_COMPACTION = 1_000;

/** The upstream compacts the conversation once it would no longer leave room for the answer. */
function toContextManagement({ request, target }: Call): Partial<Params> {
  if (request.contextPolicy !== 'compact') return {};
  const room = inputRoom(target.model, request.maxTokens);
  const compact_threshold = room && Math.max(room.limit, LEAST_COMPACTION);
  return { context_management: [{ type: 'compaction', ...present({ compact_threshold }) }] };
}

/** Of the sets that grow, the SDK's types know the members of its day; any string is sent. */
function toSamplingParams(request: MessageRequest): Partial<Params> {
  const reasoning = present({
    effort: unlessEmpty(request.reasoningEffort),
    summary: unlessEmpty(request.reasoningSummary),
  });
  const text = present({
    format: request.responseFormat && toTextFormat(request.responseFormat),
    verbosity: unlessEmpty(request.verbosity),
  });
  return present({
    max_output_tokens: request.maxTokens,
    temperature: request.temperature,
    top_p: request.topP,
    max_tool_calls: request.maxToolCalls,
    text: Object.keys(text).length > 0 ? (text as Params['text']) : undefined,
    reasoning: Object.keys(reasoning).length > 0 ? (reasoning as Params['reasoning']) : undefined,
  });
}

function toServiceParams(request: MessageRequest): Partial<Params> {
  return present({
    service_tier: unlessEmpty(request.serviceTier) as Params['service_tier'],
    prompt_cache_key: unlessEmpty(request.promptCacheKey),
    prompt_cache_retention: unlessEmpty(
      request.promptCacheRetention,
    ) as Params['prompt_cache_retention'],
    prompt_cache_options: toCacheOptions(request) as Params['prompt_cache_options'],
    safety_identifier: unlessEmpty(request.safetyIdentifier),
  });
}
