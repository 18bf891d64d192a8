import type { Call, Emit } from '../../core/call.ts';
import type { Completed, Timings } from '../../core/events.ts';
import type { AnswerStream } from '../answer/api-surface.ts';
import { AnswerEvents } from '../answer/events.ts';
import { isFinishWord, isGivenUp, toFinishReason } from '../answer/map-finish-reason.ts';
import { toUsage } from '../answer/map-usage.ts';
import { Said } from '../answer/said.ts';
import { ReportedUsage } from '../answer/usage-report.ts';
import { reported } from '../errors/faults.ts';
import { errorIn, readErrorData } from '../errors/in-answer.ts';
import type { Dialect } from '../request/dialect.ts';
import { UnknownParts } from '../responses/unknown-parts.ts';
import { malformed } from '../values/json-checks.ts';
import { isNothing, recordOf, stringOr } from '../values/json-record.ts';
import { ChatAnnotations } from './annotations.ts';
import { type ChatChunk, type ChunkChoice, type ChunkDelta, isChunk, parseChunk } from './chunk.ts';
import { type ContentText, textOfDetails, textsOf } from './content.ts';
import { ChatImages } from './images.ts';
import { type OnlyText, onlyTextIn } from './only-text.ts';
import { ChatProviderData } from './provider-data.ts';
import { ThoughtTags } from './thought-tags.ts';
import { ChatToolCalls, lengthOfCalls, type ToolCallFragment } from './tool-calls.ts';

/** Names of events that hold chunks; whatever else has a name is not part of the answer. */
const CHUNK_NAMES: ReadonlySet<string> = new Set(['', 'message', 'data']);

/** Folds the chunks of one Chat Completions stream into events. */
export class ChatStream implements AnswerStream {
  readonly #call: Call;
  readonly #events: AnswerEvents;
  readonly #tools: ChatToolCalls;
  readonly #providerData: ChatProviderData;
  readonly #annotations: ChatAnnotations;
  readonly #images: ChatImages;
  readonly #unknown: UnknownParts;
  readonly #usage = new ReportedUsage(toUsage);
  readonly #text: Said;
  readonly #reasoning: Said;
  readonly #refusal = new Said();
  readonly #thoughts = new ThoughtTags();
  /** Its reasoning has come in `reasoning_details` alone. */
  #inDetails = false;
  #last: ChatChunk = {};
  /** Of the last chunk that it was asked for. */
  #only: OnlyText | undefined;
  #model = '';
  #finishReason = '';
  /** Its choices have a place for the reason, be it empty. */
  #givesReasons = false;
  #wentOn = false;
  /** Text of choices that nobody asked for, in case there is no other. */
  #otherText = '';
  #serviceTier = '';
  #systemFingerprint = '';
  /** The server has said all that it says. */
  #isOver = false;
  /** Chunks so far, and the last with usage and with output. */
  #chunks = 0;
  #usageAt = 0;
  #outputAt = 0;

  /** @param dialect Default: each piece may say all that came before it */
  constructor(
    call: Call,
    emit: Emit,
    { piecesMayGrow }: Pick<Dialect, 'piecesMayGrow'> = { piecesMayGrow: true },
  ) {
    this.#call = call;
    this.#text = new Said(piecesMayGrow);
    this.#reasoning = new Said(piecesMayGrow);
    this.#events = new AnswerEvents(call, emit);
    this.#unknown = new UnknownParts(call);
    this.#tools = new ChatToolCalls(this.#events.tools);
    this.#annotations = new ChatAnnotations(this.#events);
    this.#images = new ChatImages(emit, this.#events);
    this.#providerData = new ChatProviderData(call.upstream, this.#events.tools);
  }

  get finished(): boolean {
    return this.#finishReason !== '';
  }

  get wentOn(): boolean {
    return this.#wentOn;
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
    this.#chunks += 1;
    const { field, fragment } = this.#only ?? {};
    if (field === 'arguments') {
      const called = { ...fragment?.function, arguments: text };
      this.#add('', '', '', [{ ...fragment, function: called }]);
    } else if (field === 'content') {
      this.#add(this.#thoughts.rest(text), '', '', undefined);
    } else {
      this.#add('', text, '', undefined);
    }
  }

  /** Snowflake gives no reason: its usage, which comes by itself, says that this was all. */
  saidDone(): void {
    const { usage, choices } = this.#last;
    const hasSaidAll = !this.#givesReasons && usage && !choices?.length;
    if (hasSaidAll && this.#events.hasOutput) this.#finishReason ||= 'stop';
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
    if (this.#events.hasOutput) this.#finishReason ||= 'stop';
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
    this.#chunks += 1;
    this.#addUsage(chunk);
    this.#annotations.seeChunk(chunk);
    // Azure sends its verdict on the prompt first, in a chunk without id, model and choice.
    const { choices } = chunk;
    if (!choices || choices.length === 0) return;
    this.#events.start(stringOr(chunk.id), this.#model);
    // One choice is asked for; servers that send several spread one answer over them.
    for (const choice of choices) this.#addChoice(choice);
  }

  tellUsage(): void {
    const isCurrent = this.#outputAt <= this.#usageAt;
    const isFinal = this.finished || this.#isOver;
    const used = this.#usage.soFar(this.#events.outputTokens, isCurrent, isFinal);
    if (used) this.#call.onFailedUsage?.(used, this.#serviceTier);
  }

  end(timings: Timings): Completed {
    if (this.#text.isEmpty) this.#events.text(this.#otherText);
    this.#annotations.end();
    const finishReason = this.#outcome();
    this.#unknown.finishWord(this.#finishReason);
    this.#providerData.ofCalls();
    return this.#events.end(
      {
        finishReason,
        rawFinishReason: this.#finishReason,
        reasoningItems: [],
        usage: this.#usage.total(this.#events.hasOutput),
        model: this.#model,
        serviceTier: this.#serviceTier,
        systemFingerprint: this.#systemFingerprint,
        ...this.#providerData.ofMessage(),
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
    if (this.#usage.add(usage)) this.#usageAt = this.#chunks;
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
    if (delta) this.#addDelta(delta, choice.index);
    if (message) this.#addMessage(message, choice.index, delta ?? undefined);
    if (!delta && !message && typeof choice.text === 'string') {
      this.#addDelta({ content: choice.text }, choice.index);
    }
    this.#annotations.add(choice);
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
    this.#finishReason = reason;
  }

  #addDelta(delta: ChunkDelta, choice: unknown): void {
    const { text, reasoning } = this.#textsOf(delta);
    this.#add(
      this.#ofChoice(choice, text),
      reasoning,
      delta.refusal ?? '',
      (choice ? ofChoice(choice, delta.tool_calls) : delta.tool_calls) ?? undefined,
    );
    // llama-cpp-python says a call by both names.
    if (delta.function_call && isNothing(delta.tool_calls)) {
      this.#addCall({ function: delta.function_call });
    }
    this.#images.add(delta);
    this.#annotations.add(delta);
    this.#providerData.addMessage(delta);
  }

  /**
   * A message says the answer so far; beside a delta, or grown since the last, it says what the deltas
   * said and perhaps more. Alone and another text, it is a piece.
   */
  #addMessage(message: ChunkDelta, choice: unknown, delta: ChunkDelta | undefined): void {
    const { text, reasoning } = this.#textsOf(message);
    const refusal = message.refusal ?? '';
    const more = (so: Said, whole: string) =>
      so.rest(whole) || (delta || so.text === whole ? '' : whole);
    this.#add(
      this.#ofChoice(choice, more(this.#text, text)),
      more(this.#reasoning, reasoning),
      more(this.#refusal, refusal),
      undefined,
    );
    // Pieces of calls that stand in the delta, too, are no whole ones.
    const calls = isNothing(delta?.tool_calls) ? message.tool_calls : undefined;
    calls?.forEach((call, place) => {
      this.#addCall(call, place);
    });
    if (message.function_call && !delta?.function_call) {
      this.#addCall({ function: message.function_call }, 0);
    }
    this.#images.add(message);
    this.#annotations.add(message);
    this.#providerData.addMessage(message);
  }

  /** Where there is no other reasoning, its details say it. */
  #textsOf(delta: ChunkDelta): ContentText {
    const said = textsOf(delta);
    const mayThink = this.#thoughts.isOpen || delta.extra_content;
    const texts = mayThink ? this.#thoughts.split(delta, said) : said;
    if (!delta.reasoning_details) return texts;
    if (texts.reasoning !== '') this.#inDetails = false;
    else if (this.#reasoning.isEmpty) this.#inDetails = true;
    return this.#inDetails ? { ...texts, reasoning: textOfDetails(delta) } : texts;
  }

  /** What other choices say beside the first is another answer. */
  #ofChoice(choice: unknown, text: string): string {
    if (text === '' || (choice ?? 0) === 0) return text;
    this.#count(text.length);
    this.#otherText += text;
    return '';
  }

  #add(
    text: string,
    reasoning: string,
    refusal: string,
    toolCalls: readonly ToolCallFragment[] | undefined,
  ): void {
    const thought = reasoning === '' ? '' : this.#reasoning.add(reasoning);
    const said = text === '' ? '' : this.#text.add(text);
    this.#count(said.length + refusal.length + thought.length + lengthOfCalls(toolCalls));
    if (thought !== '') this.#events.reasoning(thought);
    if (said !== '') this.#events.text(said);
    if (refusal !== '') this.#events.refusal(this.#refusal.add(refusal));
    if (toolCalls === undefined) return;
    for (const fragment of toolCalls) {
      this.#events.hold(fragment.id?.length ?? 0);
      const call = this.#tools.add(fragment);
      if (call !== undefined) this.#providerData.addCall(call, fragment);
    }
  }

  /** @param place of a whole call; absent for a fragment */
  #addCall(fragment: ToolCallFragment, place?: number): void {
    const whole = place !== undefined;
    const known = whole && fragment.id ? this.#events.tools.find(fragment.id) : undefined;
    if (known === undefined) this.#count(lengthOfCalls([fragment]));
    this.#events.hold(fragment.id?.length ?? 0);
    const call = whole ? this.#tools.addWhole(fragment, place) : this.#tools.add(fragment);
    if (call !== undefined) this.#providerData.addCall(call, fragment);
  }

  #count(characters: number): void {
    if (characters > 0) {
      this.#outputAt = this.#chunks;
      if (this.finished) this.#wentOn = true;
    }
    this.#events.count(characters);
  }
}

/** OpenRouter says `stop` of an answer that its upstream gave up, and that beside it. */
function meantBy(reason: string, native: string): string {
  return isGivenUp(native) && toFinishReason(reason) === 'stop' ? native : reason;
}

/** Each choice numbers its calls from 0. */
function ofChoice(
  choice: unknown,
  calls: readonly ToolCallFragment[] | null | undefined,
): readonly ToolCallFragment[] | null | undefined {
  if (typeof choice !== 'number') return calls;
  return calls?.map(({ index, ...call }) =>
    index == null ? call : { ...call, index: `${choice} ${index}` },
  );
}
