import type { Call, Emit } from '../core/call.ts';
import type { Completed, Timings } from '../core/events.ts';
import { AnswerEvents } from './answer-events.ts';
import type { AnswerStream } from './api-surface.ts';
import {
  type ChatChunk,
  type ChunkChoice,
  type ChunkDelta,
  parseChunk,
  parseCompletion,
} from './chat-chunk.ts';
import { reported } from './faults.ts';
import { malformed } from './json-checks.ts';
import { stringOr } from './json-record.ts';
import { toFinishReason } from './map-finish-reason.ts';
import { toUsage } from './map-usage.ts';

/** Folds the chunks of one Chat Completions stream into events. */
export class ChatStream implements AnswerStream {
  readonly #call: Call;
  readonly #events: AnswerEvents;
  #model = '';
  #finishReason = '';
  #usage: object | undefined;
  #usageFollowedFinish = false;
  #serviceTier = '';
  #systemFingerprint = '';

  constructor(call: Call, emit: Emit) {
    this.#call = call;
    this.#events = new AnswerEvents(call, emit);
  }

  get finished(): boolean {
    return this.#finishReason !== '';
  }

  /** The usage came in a chunk of its own behind the last of the choice. */
  get complete(): boolean {
    return this.#usageFollowedFinish;
  }

  get hasOutput(): boolean {
    return this.#events.hasOutput;
  }

  read(name: string, data: string): void {
    const chunk = parseChunk(data);
    if (chunk.error || name === 'error') throw reported(chunk.error || chunk, this.#call);
    this.add(chunk);
  }

  readWhole(body: string): void {
    const completion = parseCompletion(body);
    if (completion.error) throw reported(completion.error, this.#call);
    this.add(completion);
  }

  add(chunk: ChatChunk): void {
    const choice = firstChoice(chunk.choices);
    if (this.#model === '') this.#model = stringOr(chunk.model);
    // Said again with every chunk, nearly always the same.
    if (chunk.service_tier !== this.#serviceTier) {
      this.#serviceTier = stringOr(chunk.service_tier) || this.#serviceTier;
    }
    if (chunk.system_fingerprint !== this.#systemFingerprint) {
      this.#systemFingerprint = stringOr(chunk.system_fingerprint) || this.#systemFingerprint;
    }
    if (chunk.usage) this.#addUsage(chunk.usage, choice !== undefined);
    // Azure sends its verdict on the prompt first, in a chunk without id, model and choice.
    if (choice === undefined) return;
    this.#events.start(stringOr(chunk.id), this.#model);
    // Some servers that only seem to stream send a whole message in the place of its parts.
    const delta = choice.delta ?? choice.message;
    if (delta) this.#addDelta(delta);
    if (choice.finish_reason) this.#finishReason = choice.finish_reason;
  }

  end(timings: Timings): Completed {
    const finishReason = toFinishReason(this.#finishReason);
    // The calls came in a form that is not read here, as OpenAI's old function_call.
    if (finishReason === 'tool_calls' && this.#events.toolCalls.length === 0) {
      throw malformed('the tool calls are missing');
    }
    const outcome = {
      finishReason,
      rawFinishReason: this.#finishReason,
      reasoningItems: [],
      usage: this.#usage && toUsage(this.#usage),
      model: this.#model,
      serviceTier: this.#serviceTier,
      systemFingerprint: this.#systemFingerprint,
    };
    return this.#events.end(outcome, timings);
  }

  /** Some servers report usage with every chunk: the last report is the whole. */
  #addUsage(usage: object, withChoice: boolean): void {
    this.#usage = usage;
    this.#usageFollowedFinish = this.finished && !withChoice;
  }

  #addDelta(delta: ChunkDelta): void {
    const text = delta.content ?? '';
    const refusal = delta.refusal ?? '';
    // A server that sends both names sends the same text twice.
    const reasoning = delta.reasoning_content || delta.reasoning || '';
    this.#events.count(text.length + refusal.length + reasoning.length + toolCallLength(delta));
    this.#events.reasoning(reasoning);
    this.#events.text(text);
    this.#events.refusal(refusal);
    for (const fragment of delta.tool_calls ?? []) this.#events.toolCall(fragment);
  }
}

function firstChoice(choices: ChatChunk['choices']): ChunkChoice | undefined {
  for (const choice of choices ?? []) if ((choice.index ?? 0) === 0) return choice;
  return undefined;
}

function toolCallLength(delta: ChunkDelta): number {
  let length = 0;
  for (const fragment of delta.tool_calls ?? []) {
    length += (fragment.function?.name?.length ?? 0) + (fragment.function?.arguments?.length ?? 0);
  }
  return length;
}
