import type { AnswerWriter } from './answer-writer.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { plausibleUsage } from './usage.ts';
import { type AnswerIdentity, type ChatUsage, type Delta, SSE_DONE } from './wire.ts';

/** Formats the events of one streamed answer. What is the same in all of them is formatted once. */
export class ChatWriter implements AnswerWriter {
  readonly #request: RecordedRequest;
  readonly #emit: (event: string) => void;
  readonly #head: string;
  readonly #tail: string;
  readonly #wantsUsage: boolean;
  #deltas = 0;

  constructor(request: RecordedRequest, emit: (event: string) => void, identity: AnswerIdentity) {
    this.#request = request;
    this.#emit = emit;
    this.#wantsUsage = request.body.stream_options?.include_usage === true;
    const head = JSON.stringify(answerHead(request, 'chat.completion.chunk', identity));
    this.#head = `data: ${head.slice(0, -1)},"choices":[`;
    // Once usage is asked for, every chunk has the field, and all but the last have null in it.
    this.#tail = this.#wantsUsage ? '],"usage":null}\n\n' : ']}\n\n';
  }

  chunk(delta: Delta, finishReason?: string): void {
    if (delta.role === undefined && finishReason === undefined) this.#deltas += 1;
    const reason = finishReason === undefined ? 'null' : JSON.stringify(finishReason);
    this.#request.chunksWritten += 1;
    this.#emit(
      `${this.#head}{"index":0,"delta":${JSON.stringify(delta)},"logprobs":null,"finish_reason":${reason}}${this.#tail}`,
    );
  }

  /** The chunk that opens an answer, before any of its text. */
  role(content: '' | null): void {
    this.chunk({ role: 'assistant', content, refusal: null });
  }

  /** Chat Completions has no place for it. */
  sealed(): void {}

  /** Nor for this. */
  item(): void {}

  /** The chunk with usage and without choices; nothing unless the request asked for it. */
  usage(usage?: ChatUsage): void {
    if (!this.#wantsUsage) return;
    const sent = usage ?? plausibleUsage(this.#request.body, this.#deltas);
    this.#request.sentUsage = sent;
    this.#request.chunksWritten += 1;
    this.#emit(`${this.#head}],"usage":${JSON.stringify(sent)}}\n\n`);
  }

  done(): void {
    this.#emit(SSE_DONE);
  }
}

/** The fields that open every chunk and every body. */
export function answerHead(
  request: RecordedRequest,
  object: 'chat.completion' | 'chat.completion.chunk',
  { model, serviceTier = 'default', systemFingerprint = 'fp_stub' }: AnswerIdentity,
): object {
  return {
    id: request.completionId,
    object,
    created: Math.floor(request.receivedAt / 1000),
    model: model ?? request.body.model ?? 'simulated-model',
    service_tier: serviceTier,
    system_fingerprint: systemFingerprint,
  };
}
