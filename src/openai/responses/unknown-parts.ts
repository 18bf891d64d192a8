import type { Call, UnknownKind } from '../../core/call.ts';
import { isObject } from '../../core/is-object.ts';
import { isKnownFinishWord } from '../answer/map-finish-reason.ts';
import { type JsonRecord, recordOf, stringOr } from '../values/json-record.ts';
import { identifier } from '../values/upstream-text.ts';
import type { OutputItem, ResponsesEvent } from './event.ts';
import { isStrange } from './hosted-output.ts';

/** Fields that are read, or known and of no use here, of OpenAI and of the servers in docs/compatibility.md. */
const CHUNK =
  names(`id object created model choices usage service_tier system_fingerprint error obfuscation
  prompt_filter_results x_groq provider citations search_results timings time_info prompt_token_ids
  kv_transfer_params metadata moderation created_at request_id promptFeedback prompt_feedback generationId p system
  usage_breakdown copilot_usage latency_checkpoint venice_parameters cost model_id model_version prompt prompt_text
  prompt_logprobs metrics`);
const CHOICE = names(`index delta message finish_reason logprobs usage error content_filter_results
  content_filter_offsets content_filter_result annotations native_finish_reason stop_reason matched_stop token_ids text
  prompt_logprobs seed`);
const DELTA =
  names(`role content refusal reasoning_content reasoning tool_calls function_call extra_content
  reasoning_details reasoning_text reasoning_opaque thinking thinking_blocks annotations images name token_ids prefix executed_tools
  provider_metadata padding channel reasoning_encrypted`);
const EVENT =
  names(`type sequence_number item_id output_index content_index summary_index annotation_index
  delta text refusal arguments name part item response error code message param input annotation obfuscation
  logprobs status phase partial_image_b64 partial_image_index size quality background output_format code
  output command command_index copilot_usage`);
const ITEM =
  names(`type id status call_id name arguments content summary encrypted_content phase role input
  action actions queries results code container_id outputs output result error server_label tools
  approval_request_id caller created_by async svg_usage operation environment max_output_length execution
  revised_prompt output_format background quality size`);
const RESPONSE =
  names(`id object created_at completed_at status background billing conversation error
  incomplete_details instructions max_output_tokens max_tool_calls metadata model moderation output output_text
  parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_retention reasoning
  safety_identifier service_tier store temperature text tool_choice tool_usage tools top_logprobs top_p truncation usage
  user prompt_cache_options prompt_cache_diagnostics input_transformations access_programs image frequency_penalty presence_penalty content_filters`);

/** Of messages and reasoning. */
const PARTS = names('output_text text refusal reasoning_text summary_text');

/** Keep-alives and what proxies say of themselves. */
const CHAT_EVENTS = /^(?:ping|keep-?alive|heartbeat|comment|metadata|done|end|start|open)$/i;

/** Events of the Responses API that bring nothing that others do not. */
const RESPONSES_EVENTS =
  /^response\.(?:content_part\.added|output_text\.annotation\.added|reasoning_(?:summary_part|part|text|summary)\b|audio\b|(?:web_search|file_search|code_interpreter|image_generation|mcp|shell|apply_patch|computer|local_shell|custom_tool)_call\b|shell_call_|apply_patch_call_|mcp_|code_interpreter_call_|compaction\.compacting$|keepalive|heartbeat)/;

const NAMELESS = '(not a name)';

/** What of one answer nobody here knows; each name is told once. */
export class UnknownParts {
  readonly #call: Pick<Call, 'onUnknown'>;
  #told: Set<string> | undefined;

  constructor(call: Pick<Call, 'onUnknown'>) {
    this.#call = call;
  }

  /** A chunk of Chat Completions. Its names are few, and nearly always known. */
  chunk(chunk: { readonly choices?: readonly object[] | null }): void {
    this.#fields(chunk, CHUNK, '');
    for (const choice of chunk.choices ?? []) {
      this.#fields(choice, CHOICE, 'choices.');
      const { delta, message } = choice as { delta?: object | null; message?: object | null };
      if (delta) this.#fields(delta, DELTA, 'delta.');
      if (message) this.#fields(message, DELTA, 'message.');
    }
  }

  /** An event of Responses. */
  event(event: Pick<ResponsesEvent, 'item' | 'part' | 'response'>): void {
    const { item, part, response } = event;
    this.#fields(event, EVENT, '');
    if (item) this.#item(item);
    if (part) this.#part(part);
    if (!response) return;
    this.#fields(response, RESPONSE, 'response.');
    if (!Array.isArray(response.output)) return;
    for (const each of response.output) if (isObject(each)) this.#item(each);
  }

  chatEventName(name: string): void {
    if (!CHAT_EVENTS.test(name)) this.#tell('event', name);
  }

  responsesEventType(type: string): void {
    if (!RESPONSES_EVENTS.test(type) && !CHAT_EVENTS.test(type)) this.#tell('event', type);
  }

  finishWord(word: string): void {
    if (word !== '' && !isKnownFinishWord(word)) this.#tell('finish_word', word);
  }

  #item(item: OutputItem): void {
    this.#fields(item, ITEM, 'item.');
    if (isStrange(item)) this.#tell('item', stringOr(item.type));
    if (Array.isArray(item.content)) for (const part of item.content) this.#part(part);
  }

  #part(part: unknown): void {
    const { type } = recordOf(part);
    if (typeof type === 'string' && !PARTS.has(type)) this.#tell('item', `content.${type}`);
  }

  #fields(value: object, known: ReadonlySet<string>, path: string): void {
    // A hostile upstream has as many names as it likes.
    if (this.#hasEnough) return;
    for (const name in value) {
      const isKnown = known.has(name) || (value as JsonRecord)[name] === null;
      if (!isKnown) this.#tell('field', path + name);
    }
  }

  get #hasEnough(): boolean {
    return this.#told !== undefined && this.#told.size >= MAX_TOLD;
  }

  #tell(kind: UnknownKind, name: string): void {
    if (this.#hasEnough) return;
    this.#told ??= new Set();
    const shown = identifier(name) ?? NAMELESS;
    const key = `${kind} ${shown}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#call.onUnknown?.(kind, shown);
  }
}

/** Names of one answer that are told at most. */
const MAX_TOLD = 20;

function names(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
