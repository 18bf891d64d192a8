import type { Call } from '../call.ts';
import type { Completed, ProviderEvent, Started, Timings, Usage } from '../events.ts';
import { estimatedUsage, estimateTokens } from '../usage.ts';
import type { ChatChunk, ChunkDelta } from './chat-chunk.ts';
import { CodePoints } from './code-points.ts';
import { effectiveSettings } from './effective-settings.ts';
import { toFinishReason } from './map-finish-reason.ts';
import { toUsage } from './map-usage.ts';
import { ToolCallAssembler } from './tool-calls.ts';

/** Folds the chunks of one Chat Completions stream into events. Knows nothing of sockets and time. */
export class ChatStream {
  readonly #call: Call;
  readonly #emit: (event: ProviderEvent) => void;
  readonly #text = new CodePoints();
  readonly #reasoning = new CodePoints();
  readonly #refusal = new CodePoints();
  readonly #tools = new ToolCallAssembler();
  #started = false;
  #model = '';
  #finishReason = '';
  #usage: object | undefined;
  #usageFollowedFinish = false;
  #serviceTier = '';
  #systemFingerprint = '';
  #outputChunks = 0;
  #outputCharacters = 0;

  constructor(call: Call, emit: (event: ProviderEvent) => void) {
    this.#call = call;
    this.#emit = emit;
  }

  /** The model has said all it says; the usage may still follow. */
  get finished(): boolean {
    return this.#finishReason !== '';
  }

  /** The usage came in a chunk of its own behind the last of the choice: nothing more can follow. */
  get complete(): boolean {
    return this.#usageFollowedFinish;
  }

  get hasOutput(): boolean {
    return this.#outputChunks > 0;
  }

  add(chunk: ChatChunk): void {
    const choice = chunk.choices?.find(({ index }) => (index ?? 0) === 0);
    this.#model ||= stringOr(chunk.model);
    this.#serviceTier = stringOr(chunk.service_tier) || this.#serviceTier;
    this.#systemFingerprint = stringOr(chunk.system_fingerprint) || this.#systemFingerprint;
    if (chunk.usage) this.#addUsage(chunk.usage, choice !== undefined);
    // Azure sends its verdict on the prompt first, in a chunk without id, model and choice.
    if (choice === undefined) return;
    if (!this.#started) this.#start(chunk);
    if (choice.delta) this.#addDelta(choice.delta);
    if (choice.finish_reason) this.#finishReason = choice.finish_reason;
  }

  /** What is left to tell once nothing follows: halves of characters, then `completed`. */
  end(timings: Timings): void {
    this.#emitReasoning(this.#reasoning.end());
    this.#emitText(this.#text.end());
    this.#emitRefusal(this.#refusal.end());
    for (const delta of this.#tools.end()) this.#emit(delta);
    this.#emit(this.#completed(timings));
  }

  /** Some servers report usage with every chunk: the last report is the whole. */
  #addUsage(usage: object, withChoice: boolean): void {
    this.#usage = usage;
    this.#usageFollowedFinish = this.finished && !withChoice;
  }

  #start(chunk: ChatChunk): void {
    this.#started = true;
    const started: Started = {
      type: 'started',
      responseId: stringOr(chunk.id),
      model: this.#model || this.#call.model,
      upstreamRequestId: this.#call.record.upstreamRequestId,
      attempt: this.#call.attempt,
      effectiveSettings: effectiveSettings(this.#call),
      warnings: this.#call.warnings,
    };
    this.#emit(started);
  }

  #addDelta(delta: ChunkDelta): void {
    const text = delta.content ?? '';
    const refusal = delta.refusal ?? '';
    // A server that sends both names sends the same text twice.
    const reasoning = delta.reasoning_content || delta.reasoning || '';
    this.#count(text.length + refusal.length + reasoning.length + toolCallLength(delta));
    if (reasoning !== '') this.#emitReasoning(this.#reasoning.add(reasoning));
    if (text !== '') this.#emitText(this.#text.add(text));
    if (refusal !== '') this.#emitRefusal(this.#refusal.add(refusal));
    for (const fragment of delta.tool_calls ?? []) {
      const event = this.#tools.add(fragment);
      if (event !== undefined) this.#emit(event);
    }
  }

  #count(characters: number): void {
    if (characters === 0) return;
    this.#outputChunks += 1;
    this.#outputCharacters += characters;
  }

  #emitReasoning(text: string): void {
    if (text !== '') this.#emit({ type: 'reasoningDelta', text });
  }

  #emitRefusal(text: string): void {
    if (text !== '') this.#emit({ type: 'refusalDelta', text });
  }

  #emitText(text: string): void {
    if (text === '') return;
    this.#emit({ type: 'textDelta', text, outputTokensSoFar: this.#outputTokens() });
  }

  /**
   * An estimate of the output tokens so far, too low rather than too high: a chunk with output holds
   * at least one, and a token is seldom longer than four characters.
   */
  #outputTokens(): number {
    return Math.max(this.#outputChunks, estimateTokens(this.#outputCharacters));
  }

  #completed(timings: Timings): Completed {
    return {
      type: 'completed',
      finishReason: toFinishReason(this.#finishReason),
      rawFinishReason: this.#finishReason,
      toolCalls: this.#tools.toolCalls,
      usage: this.#finalUsage(),
      model: this.#model || this.#call.model,
      attempts: this.#call.attempt,
      failedAttempts: [],
      timings,
      cached: false,
      serviceTier: this.#serviceTier,
      systemFingerprint: this.#systemFingerprint,
    };
  }

  /** Input tokens are not known here; whoever accounts for the call fills in their estimate. */
  #finalUsage(): Usage {
    if (this.#usage === undefined) return estimatedUsage(0, this.#outputTokens());
    return toUsage(this.#usage);
  }
}

function toolCallLength(delta: ChunkDelta): number {
  let length = 0;
  for (const fragment of delta.tool_calls ?? []) {
    length += (fragment.function?.name?.length ?? 0) + (fragment.function?.arguments?.length ?? 0);
  }
  return length;
}

/** Facts beside the answer: a server that gets their type wrong has not failed the call. */
function stringOr(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed() : '';
}
