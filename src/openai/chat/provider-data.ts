import { isObject } from '../../core/is-object.ts';
import { LongText } from '../../core/long-text.ts';
import { present } from '../../core/present.ts';
import type { ToolCalls } from '../answer/tool-calls.ts';
import { isText, type JsonRecord, recordOf, stringOr } from '../values/json-record.ts';
import { fromProviderData, toProviderData } from '../values/provider-data.ts';
import type { ChunkDelta } from './chunk.ts';
import { ContentThoughts, isSealed, thoughtsIn } from './content-thoughts.ts';
import { flagsOf } from './thought-tags.ts';
import type { ToolCallFragment } from './tool-calls.ts';

/** A turn, or a call in it, as the caller hands it back. */
interface HandedBack {
  readonly providerData?: string;
}

/**
 * What goes back with a turn: what is gathered below, and nothing else that somebody put there.
 *
 * @returns `fields` of the turn, and `thoughts` that stand in its content before the text
 */
export function ofTurn(target: string, { providerData }: HandedBack) {
  const fields = fromProviderData(target, providerData);
  const { extra_content, reasoning_details, reasoning_text, reasoning_opaque, thinking_blocks } =
    fields;
  return {
    thoughts: thoughtsIn(fields.thoughts),
    fields: present({
      extra_content,
      reasoning_details,
      reasoning_text,
      reasoning_opaque,
      thinking_blocks,
    }),
  };
}

/** What goes back with a call. */
export function ofCall(target: string, { providerData }: HandedBack): JsonRecord {
  return present({ extra_content: fromProviderData(target, providerData).extra_content });
}

/**
 * Gathers what compatible servers want back with the next turn: `extra_content` of Gemini's compatible
 * endpoint, on calls and messages, OpenRouter's `reasoning_details`, Copilot's `reasoning_opaque` with
 * the text that it seals, LiteLLM's `thinking_blocks`, without which Anthropic's models refuse the next turn, and what
 * Mistral and Databricks have of thoughts in the content.
 */
export class ChatProviderData {
  readonly #target: string;
  readonly #calls: ToolCalls;
  #ofCalls: Map<number, Fields> | undefined;
  #extraContent: Fields | undefined;
  #details: Fields[] | undefined;
  #blocks: JsonRecord[] | undefined;
  #thoughts: ContentThoughts | undefined;
  #opaque = '';
  #sealedText: LongText | undefined;
  #characters = 0;

  /** @param target the upstream that the data is for */
  constructor(target: string, calls: ToolCalls) {
    this.#target = target;
    this.#calls = calls;
  }

  addCall(call: number, { extra_content }: ToolCallFragment): void {
    if (!isObject(extra_content) || !this.#hasRoom(extra_content)) return;
    this.#ofCalls ??= new Map();
    const known = this.#ofCalls.get(call) ?? newFields();
    this.#ofCalls.set(call, Object.assign(known, extra_content));
  }

  addMessage(delta: ChunkDelta): void {
    this.#addSealed(delta);
    const { content, extra_content, reasoning_details, thinking_blocks } = delta;
    const isWanted = isObject(extra_content) && !isFlagAlone(extra_content);
    if (isWanted && this.#hasRoom(extra_content)) {
      this.#extraContent = Object.assign(this.#extraContent ?? newFields(), extra_content);
    }
    if (Array.isArray(reasoning_details) && this.#hasRoom(reasoning_details)) {
      this.#details ??= [];
      for (const piece of reasoning_details) addDetail(this.#details, recordOf(piece));
    }
    if (Array.isArray(thinking_blocks) && this.#hasRoom(thinking_blocks)) {
      this.#blocks ??= [];
      for (const piece of thinking_blocks) addBlock(this.#blocks, recordOf(piece));
    }
    if (Array.isArray(content) && this.#hasRoom(content)) {
      this.#thoughts ??= new ContentThoughts();
      this.#thoughts.add(content);
    }
  }

  #addSealed({ reasoning_text, reasoning_opaque }: ChunkDelta): void {
    if (isText(reasoning_text) && this.#hasRoom(reasoning_text)) {
      this.#sealedText ??= new LongText();
      this.#sealedText.add(reasoning_text);
    }
    if (isText(reasoning_opaque) && this.#hasRoom(reasoning_opaque)) {
      this.#opaque = reasoning_opaque;
    }
  }

  /** At the end of the answer: hands the calls theirs. */
  ofCalls(): void {
    if (this.#ofCalls === undefined) return;
    for (const [call, extra_content] of this.#ofCalls) {
      this.#calls.setProviderData(call, toProviderData(this.#target, { extra_content }));
    }
  }

  /** For `completed`; absent if the server wants nothing back. */
  ofMessage(): { readonly providerData?: string } {
    const blocks = this.#blocks?.filter(isSealed) ?? [];
    const thoughts = this.#thoughts?.parts ?? [];
    const fields = {
      ...(this.#extraContent && { extra_content: this.#extraContent }),
      ...(this.#details && { reasoning_details: this.#details }),
      ...(this.#opaque && {
        reasoning_text: this.#sealedText?.toString() ?? '',
        reasoning_opaque: this.#opaque,
      }),
      ...(blocks.length > 0 && { thinking_blocks: blocks }),
      ...(thoughts.length > 0 && { thoughts }),
    };
    const providerData = toProviderData(this.#target, fields);
    return providerData === '' ? {} : { providerData };
  }

  #hasRoom(more: unknown): boolean {
    if (this.#characters <= MAX_CHARACTERS) this.#characters += JSON.stringify(more).length;
    return this.#characters <= MAX_CHARACTERS;
  }
}

/**
 * Characters of JSON that are gathered, which come in pieces and with names of their own each time. Of
 * what a turn brings back less may be kept.
 */
const MAX_CHARACTERS = 1024 * 1024;

/** It is about the content beside it, and asks for nothing back. */
function isFlagAlone(extraContent: Fields): boolean {
  const { isFlagged, isSealed } = flagsOf(extraContent);
  return isFlagged && !isSealed;
}

/** Fields that pieces add to: to copy all of them for each would take time for the square of their number. */
type Fields = Record<string, unknown>;

/** It has no prototype, so that each name is only a name. */
function newFields(): Fields {
  return Object.create(null);
}

const TEXTS: ReadonlySet<string> = new Set(['text', 'summary', 'data']);

/** The texts of one detail come in pieces. */
function addDetail(details: Fields[], piece: JsonRecord): void {
  const last = details.at(-1);
  const goesOn =
    last !== undefined &&
    last.type === piece.type &&
    last.index === piece.index &&
    'index' in piece;
  if (!goesOn) {
    details.push(Object.assign(newFields(), piece));
    return;
  }
  for (const [name, more] of Object.entries(piece)) {
    const before = TEXTS.has(name) ? last[name] : undefined;
    last[name] = typeof before === 'string' && typeof more === 'string' ? before + more : more;
  }
}

/** A text comes in pieces, and with the last of them or behind it its signature. */
function addBlock(blocks: JsonRecord[], { type, thinking, signature, data }: JsonRecord): void {
  if (type === 'redacted_thinking') {
    blocks.push({ type, data });
    return;
  }
  const last = blocks.at(-1);
  const before = last && !isSealed(last) ? stringOr(last.thinking) : '';
  if (before !== '') blocks.pop();
  blocks.push({
    type: 'thinking',
    thinking: before + stringOr(thinking),
    ...(isText(signature) && { signature }),
  });
}
