import type { Call, Emit } from '../../core/call.ts';
import type { AnswerEvents } from '../answer/events.ts';
import { Said } from '../answer/said.ts';
import { isNothing } from '../values/json-record.ts';
import { ChatAnnotations } from './annotations.ts';
import type { ChunkDelta } from './chunk.ts';
import { type ContentText, textOfDetails, textsOf } from './content.ts';
import { ChatImages } from './images.ts';
import type { OnlyText } from './only-text.ts';
import { ChatProviderData } from './provider-data.ts';
import { ThoughtTags } from './thought-tags.ts';
import { ChatToolCalls, lengthOfCalls, type ToolCallFragment } from './tool-calls.ts';

/** What the model says in the choices of one Chat Completions answer: text, reasoning, refusal, calls. */
export class ChatOutput {
  readonly #events: AnswerEvents;
  readonly #tools: ChatToolCalls;
  readonly #providerData: ChatProviderData;
  readonly annotations: ChatAnnotations;
  readonly #images: ChatImages;
  readonly #text: Said;
  readonly #reasoning: Said;
  readonly #refusal = new Said();
  readonly #thoughts = new ThoughtTags();
  /** Its reasoning has come in `reasoning_details` alone. */
  #inDetails = false;
  /** Text of choices that nobody asked for, in case there is no other. */
  #otherText = '';
  /** Number of the chunk that is read, which the stream sets; a method would be one call more for each. */
  chunk = 0;
  /** Number of the last chunk with output. */
  saidAt = 0;
  /** Of output, so far. */
  pieces = 0;

  /** @param piecesMayGrow each piece may say all that came before it */
  constructor(call: Call, emit: Emit, events: AnswerEvents, piecesMayGrow: boolean) {
    this.#events = events;
    this.#text = new Said(piecesMayGrow);
    this.#reasoning = new Said(piecesMayGrow);
    this.#tools = new ChatToolCalls(events.tools);
    this.annotations = new ChatAnnotations(events);
    this.#images = new ChatImages(emit, events);
    this.#providerData = new ChatProviderData(call.upstream, events.tools);
  }

  addDelta(delta: ChunkDelta, choice: unknown): void {
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
    this.annotations.add(delta);
    this.#providerData.addMessage(delta);
  }

  /**
   * A message says the answer so far; beside a delta, or grown since the last, it says what the deltas
   * said and perhaps more. Alone and another text, it is a piece.
   */
  addMessage(message: ChunkDelta, choice: unknown, delta: ChunkDelta | undefined): void {
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
    this.annotations.add(message);
    this.#providerData.addMessage(message);
  }

  /** @param only of the chunk before, which this one repeats with another text */
  addAgain(text: string, only: OnlyText | undefined): void {
    const { field, fragment } = only ?? {};
    if (field === 'arguments') {
      const called = { ...fragment?.function, arguments: text };
      this.#add('', '', '', [{ ...fragment, function: called }]);
    } else if (field === 'content') {
      this.#add(this.#thoughts.rest(text), '', '', undefined);
    } else {
      this.#add('', text, '', undefined);
    }
  }

  /** Tells what was kept until all has come. */
  end(): void {
    if (this.#text.isEmpty) this.#events.text(this.#otherText);
    this.annotations.end();
  }

  /** What the upstream wants back: of the calls noted with them, of the message returned. */
  handBack() {
    this.#providerData.ofCalls();
    return this.#providerData.ofMessage();
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
    const called = toolCalls === undefined ? 0 : lengthOfCalls(toolCalls);
    this.#count(said.length + refusal.length + thought.length + called);
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
      this.saidAt = this.chunk;
      this.pieces += 1;
    }
    this.#events.count(characters);
  }
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
