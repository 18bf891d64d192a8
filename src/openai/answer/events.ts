import type { Call, Emit } from '../../core/call.ts';
import type { Annotation, Completed, Started, Timings } from '../../core/events.ts';
import type { Usage } from '../../core/usage.ts';
import { estimatedUsage, estimateTokens } from '../../core/usage.ts';
import { tooLarge } from '../errors/faults.ts';
import { CodePoints, isWide } from './code-points.ts';
import { effectiveSettings } from './effective-settings.ts';
import { ToolCalls } from './tool-calls.ts';

/** What is known of an answer at its end, beyond what was said. */
export interface Outcome
  extends Pick<
    Completed,
    | 'finishReason'
    | 'rawFinishReason'
    | 'reasoningItems'
    | 'serviceTier'
    | 'systemFingerprint'
    | 'providerData'
  > {
  /** As the upstream names it; may be empty. */
  readonly model: string;
  /** Absent: the upstream did not report it. */
  readonly usage?: Usage | undefined;
  /** Of tools that the upstream ran itself, by name. Absent: none. */
  readonly hostedCalls?: Usage['toolCalls'];
}

/** Largest answer, in characters: many times what the longest answer of any model has. */
const MAX_WEIGHT = 32 * 1024 * 1024;
/** What a chunk costs beside its text, in characters, so that many tiny ones count too. */
const CHUNK_WEIGHT = 64;
/** Its text is kept here, and by whoever counts its tokens if it breaks off. */
const COPIES = 2;

/** Makes the events of one answer, whichever API it comes from: whole characters, counted output. */
export class AnswerEvents {
  readonly #call: Call;
  readonly #emit: Emit;
  readonly #text = new CodePoints();
  readonly #reasoning = new CodePoints();
  readonly #refusal = new CodePoints();
  readonly tools: ToolCalls;
  /** Of the request; most answers call none. */
  #toolNames: ReadonlySet<string> | undefined;
  #phase = '';
  #started = false;
  #outputChunks = 0;
  #outputCharacters = 0;
  /** Some of it is beyond Latin-1: a text with one such character takes two bytes for each. */
  #wide = false;
  #heldWeight = 0;

  constructor(call: Call, emit: Emit) {
    this.#call = call;
    this.#emit = emit;
    const tell: Emit = (delta) => {
      if (delta.type === 'toolCallDelta') this.#see(delta.argumentsFragment);
      emit(delta);
    };
    this.tools = new ToolCalls(tell, (name) => this.#isTool(name));
  }

  get hasOutput(): boolean {
    return this.#outputChunks > 0;
  }

  /**
   * An estimate of the output tokens so far, too low rather than too high: a piece with output holds
   * at least one, and a token is seldom longer than four characters.
   */
  get outputTokens(): number {
    return Math.max(this.#outputChunks, estimateTokens(this.#outputCharacters));
  }

  /** Emits `started`; only the first time. */
  start(responseId: string, model: string): void {
    if (this.#started) return;
    this.#started = true;
    const { truncation, keeps } = this.#call;
    const started: Started = {
      type: 'started',
      responseId,
      model: model || this.#call.model,
      upstreamRequestId: this.#call.record.upstreamRequestId,
      attempt: this.#call.attempt,
      effectiveSettings: effectiveSettings(this.#call),
      warnings: [...this.#call.warnings, ...this.#call.record.warnings],
      target: this.#call.upstream,
    };
    const cut = truncation === undefined ? started : { ...started, truncation };
    this.#emit(keeps ? { ...cut, storedUpstream: keeps } : cut);
  }

  #isTool(wanted: string): boolean {
    this.#toolNames ??= new Set(this.#call.request.tools?.map(({ name }) => name));
    return this.#toolNames.has(wanted);
  }

  /** What is kept of the answer, in bytes. */
  get weight(): number {
    return (this.#wide ? 2 : 1) * COPIES * this.#outputCharacters + this.#heldWeight;
  }

  /** One piece of output has come, of so many characters in all; to be told before what is in it. */
  count(characters: number): void {
    if (characters === 0) return;
    this.#outputChunks += 1;
    this.#outputCharacters += characters;
    this.#bound();
  }

  /** So many characters are kept beside the output: ids, and what is to be handed back. */
  hold(characters: number): void {
    this.#heldWeight += CHUNK_WEIGHT + characters;
    this.#bound();
  }

  /** Whoever collects the answer holds all of it: a server that never ends must not fill memory. */
  #bound(): void {
    const weight = this.#outputCharacters + CHUNK_WEIGHT * this.#outputChunks + this.#heldWeight;
    if (weight > MAX_WEIGHT) throw tooLarge();
  }

  /** @param phase of the text, where the model tells them apart */
  text(piece: string, phase = ''): void {
    if (piece === '') return;
    this.#see(piece);
    if (phase !== this.#phase) {
      this.#emitText(this.#text.end());
      this.#phase = phase;
    }
    this.#emitText(this.#text.add(piece));
  }

  reasoning(piece: string): void {
    if (piece === '') return;
    this.#see(piece);
    this.#emitReasoning(this.#reasoning.add(piece));
  }

  refusal(piece: string): void {
    if (piece === '') return;
    this.#see(piece);
    this.#emitRefusal(this.#refusal.add(piece));
  }

  annotation(annotation: Annotation): void {
    const { kind, url, title, fileId = '', containerId = '' } = annotation;
    this.hold(kind.length + url.length + title.length + fileId.length + containerId.length);
    this.#emitText(this.#text.end());
    this.#emit({ type: 'annotation', ...annotation });
  }

  /** Emits what was held back. */
  end(outcome: Outcome, timings: Timings): Completed {
    this.#emitReasoning(this.#reasoning.end());
    this.#emitText(this.#text.end());
    this.#emitRefusal(this.#refusal.end());
    // One that was cut off may have none.
    if (outcome.finishReason === 'tool_calls') this.tools.throwIfNameless();
    this.tools.end();
    const { usage, hostedCalls, providerData } = outcome;
    const counted = usage ?? estimatedUsage(0, this.outputTokens);
    const completed: Completed = {
      type: 'completed',
      finishReason: outcome.finishReason,
      rawFinishReason: outcome.rawFinishReason,
      toolCalls: this.tools.all,
      reasoningItems: outcome.reasoningItems,
      // Input tokens are not known here; whoever accounts for the call fills in their estimate.
      usage: hostedCalls === undefined ? counted : { ...counted, toolCalls: hostedCalls },
      model: outcome.model || this.#call.model,
      target: this.#call.upstream,
      attempts: this.#call.attempt,
      failedAttempts: [],
      timings,
      cached: false,
      serviceTier: outcome.serviceTier,
      systemFingerprint: outcome.systemFingerprint,
    };
    return providerData === undefined ? completed : { ...completed, providerData };
  }

  #see(piece: string): void {
    if (!this.#wide) this.#wide = isWide(piece);
  }

  #emitText(text: string): void {
    if (text === '') return;
    const delta = { type: 'textDelta', text, outputTokensSoFar: this.outputTokens } as const;
    this.#emit(this.#phase === '' ? delta : { ...delta, phase: this.#phase });
  }

  #emitReasoning(text: string): void {
    if (text !== '') this.#emit({ type: 'reasoningDelta', text });
  }

  #emitRefusal(text: string): void {
    if (text !== '') this.#emit({ type: 'refusalDelta', text });
  }
}
