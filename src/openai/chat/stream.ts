import type { Call, Emit } from '../../core/call.ts';
import type { Completed, Timings } from '../../core/events.ts';
import type { AnswerStream } from '../answer/api-surface.ts';
import { AnswerEvents } from '../answer/events.ts';
import { isFinishWord, isGivenUp, toFinishReason } from '../answer/map-finish-reason.ts';
import { toUsage } from '../answer/map-usage.ts';
import { ReportedUsage } from '../answer/usage-report.ts';
import { reported } from '../errors/faults.ts';
import { errorIn, readErrorData } from '../errors/in-answer.ts';
import type { Dialect } from '../request/dialect.ts';
import { UnknownParts } from '../responses/unknown-parts.ts';
import { malformed } from '../values/json-checks.ts';
import { recordOf, stringOr } from '../values/json-record.ts';
import { type ChatChunk, type ChunkChoice, isChunk, parseChunk } from './chunk.ts';
import { type OnlyText, onlyTextIn } from './only-text.ts';
import { ChatOutput } from './output.ts';

/** Names of events that hold chunks; whatever else has a name is not part of the answer. */
const CHUNK_NAMES: ReadonlySet<string> = new Set(['', 'message', 'data']);

/** Folds the chunks of one Chat Completions stream into events. */
export class ChatStream implements AnswerStream {
  readonly #call: Call;
  readonly #events: AnswerEvents;
  readonly #output: ChatOutput;
  readonly #unknown: UnknownParts;
  readonly #usage = new ReportedUsage(toUsage);
  #last: ChatChunk = {};
  /** Of the last chunk that it was asked for. */
  #only: OnlyText | undefined;
  #model = '';
  #finishReason = '';
  /** Pieces of output before the first reason. */
  #piecesAtFinish = 0;
  /** Its choices have a place for the reason, be it empty. */
  #givesReasons = false;
  #serviceTier = '';
  #systemFingerprint = '';
  /** The server has said all that it says. */
  #isOver = false;
  /** The last chunk with usage. */
  #usageAt = 0;

  /** @param dialect Default: each piece may say all that came before it */
  constructor(
    call: Call,
    emit: Emit,
    { piecesMayGrow }: Pick<Dialect, 'piecesMayGrow'> = { piecesMayGrow: true },
  ) {
    this.#call = call;
    this.#events = new AnswerEvents(call, emit);
    this.#unknown = new UnknownParts(call);
    this.#output = new ChatOutput(call, emit, this.#events, piecesMayGrow);
  }

  get finished(): boolean {
    return this.#finishReason !== '';
  }

  get wentOn(): boolean {
    return this.finished && this.#output.pieces > this.#piecesAtFinish;
  }

  /** Usage and the end of the stream follow the finish reason. */
  get complete(): boolean {
    return false;
  }

  get hasUsage(): boolean {
    return this.#usage.isThere;
  }

  get hasOutput(): boolean {
    return this.#events.hasOutput;
  }

  get weight(): number {
    return this.#events.weight;
  }

  read(name: string, data: string): void {
    if (name === 'error') this.#throw(readErrorData(data));
    // Keep-alives and metadata of proxies, with any data.
    if (!CHUNK_NAMES.has(name) && !isChunk(data)) {
      this.#last = {};
      this.#unknown.chatEventName(name);
      return;
    }
    const chunk = parseChunk(data);
    this.#throwErrorIn(chunk);
    this.add(chunk);
    this.#last = chunk;
  }

  onlyText(): OnlyText | undefined {
    this.#only = onlyTextIn(this.#last);
    return this.#only;
  }

  readAgain(text: string): void {
    this.#output.chunk += 1;
    this.#output.addAgain(text, this.#only);
  }

  /** Snowflake and Spark give no reason: their usage, which comes by itself or only now, says that this was all. */
  saidDone(): void {
    const { usage, choices } = this.#last;
    const isTheEnd = usage && (!choices?.length || this.#usage.isFirst);
    if (!isTheEnd || this.#givesReasons || this.finished) return;
    if (this.#events.hasOutput) this.#finish('stop');
  }

  readLate(data: string): boolean {
    if (!data.startsWith('{') || !data.includes('"usage"')) return false;
    const { usage, choices } = parseChunk(data);
    if (!usage || choices?.length) return false;
    this.#report(usage);
    return true;
  }

  readWhole(body: string): void {
    this.#isOver = true;
    const completion = parseChunk(body);
    this.#throwErrorIn(completion);
    this.add(completion);
    // Some servers leave the reason of a whole answer empty; its end is the body's.
    if (this.#events.hasOutput && !this.finished) this.#finish('stop');
  }

  add(chunk: ChatChunk): void {
    this.#unknown.chunk(chunk);
    if (this.#model === '') this.#model = stringOr(chunk.model);
    // Said again with every chunk, nearly always the same.
    if (chunk.service_tier !== this.#serviceTier) {
      this.#serviceTier = stringOr(chunk.service_tier) || this.#serviceTier;
    }
    if (chunk.system_fingerprint !== this.#systemFingerprint) {
      this.#systemFingerprint = stringOr(chunk.system_fingerprint) || this.#systemFingerprint;
    }
    this.#output.chunk += 1;
    this.#addUsage(chunk);
    this.#output.annotations.seeChunk(chunk);
    // Azure sends its verdict on the prompt first, in a chunk without id, model and choice.
    const { choices } = chunk;
    if (!choices || choices.length === 0) return;
    this.#events.start(stringOr(chunk.id), this.#model);
    // One choice is asked for; servers that send several spread one answer over them.
    for (const choice of choices) this.#addChoice(choice);
  }

  tellUsage(): void {
    const isCurrent = this.#output.saidAt <= this.#usageAt;
    const isFinal = this.finished || this.#isOver;
    const used = this.#usage.soFar(this.#events.outputTokens, isCurrent, isFinal);
    if (used) this.#call.onFailedUsage?.(used, this.#serviceTier);
  }

  end(timings: Timings): Completed {
    this.#output.end();
    const finishReason = this.#outcome();
    this.#unknown.finishWord(this.#finishReason);
    return this.#events.end(
      {
        finishReason,
        rawFinishReason: this.#finishReason,
        reasoningItems: [],
        usage: this.#usage.total(this.#events.hasOutput),
        model: this.#model,
        serviceTier: this.#serviceTier,
        systemFingerprint: this.#systemFingerprint,
        ...this.#output.handBack(),
      },
      timings,
    );
  }

  #throwErrorIn(chunk: ChatChunk): void {
    const error = errorIn(chunk);
    if (!error) return;
    this.#addUsage(chunk);
    this.#throw(error);
  }

  #throw(error: unknown): never {
    this.#isOver = true;
    throw reported(error, this.#call);
  }

  #addUsage({ usage, x_groq }: ChatChunk): void {
    if (usage) this.#report(usage);
    if (x_groq) this.#report(recordOf(x_groq).usage);
  }

  #report(usage: unknown): void {
    if (this.#usage.add(usage)) this.#usageAt = this.#output.chunk;
  }

  /** The word, set right by what was said: calls are what the answer is for. */
  #outcome() {
    const finishReason = toFinishReason(this.#finishReason);
    const called = this.#events.tools.count > 0;
    if (finishReason === 'stop' && called) return 'tool_calls';
    if (finishReason === 'tool_calls' && !called) {
      // The calls came in a form that is not read here.
      if (!this.#events.hasOutput) throw malformed('the tool calls are missing');
      return 'stop';
    }
    return finishReason;
  }

  #addChoice(choice: ChunkChoice): void {
    if (choice.usage) this.#report(choice.usage);
    if (choice.error) this.#throw(choice.error);
    const { delta, message } = choice;
    if (delta) this.#output.addDelta(delta, choice.index);
    if (message) this.#output.addMessage(message, choice.index, delta ?? undefined);
    if (!delta && !message && typeof choice.text === 'string') {
      this.#output.addDelta({ content: choice.text }, choice.index);
    }
    this.#output.annotations.add(choice);
    if (choice.finish_reason !== undefined) this.#givesReasons = true;
    const reason = choice.finish_reason || stringOr(choice.finishReason);
    if (reason && isFinishWord(reason)) {
      const { native_finish_reason: native } = choice;
      this.#addFinish(native ? meantBy(reason, stringOr(native)) : reason);
    }
  }

  /** Some servers give a reason with every chunk. The last holds, but `stop` takes back no worse one. */
  #addFinish(reason: string): void {
    if (this.#finishReason !== '' && reason !== this.#finishReason) {
      const better = toFinishReason(reason) === 'stop' && toFinishReason(this.#finishReason);
      if (better && better !== 'stop') return;
    }
    this.#finish(reason);
  }

  #finish(reason: string): void {
    if (!this.finished) this.#piecesAtFinish = this.#output.pieces;
    this.#finishReason = reason;
  }
}

/** OpenRouter says `stop` of an answer that its upstream gave up, and that beside it. */
function meantBy(reason: string, native: string): string {
  return isGivenUp(native) && toFinishReason(reason) === 'stop' ? native : reason;
}
