import type { Attributes } from '@opentelemetry/api';
import type { AnswerEvent, Completed } from '../../core/events.ts';
import type { ContentPart, Message, ToolCall } from '../../core/message.ts';
import { ATTRIBUTE, FINISH_ERROR } from '../../telemetry/attributes.ts';
import { withoutSecrets } from '../../telemetry/secrets.ts';

/** Characters of each attribute that holds content, as JSON. What is beyond is left out. */
export const MAX_CONTENT = 32_768;

/**
 * Characters that are read beyond it. A secret that begins before the end of what is read may not be
 * known for one; if it is no longer than this, it is cut off again.
 */
const MARGIN = 4_096;

const INSTRUCTIONS: ReadonlySet<string> = new Set(['system', 'developer']);

/** Part of a message, as the conventions write it. */
type Part = Readonly<Record<string, unknown>> & { readonly type: string };

/** What a model is asked with, for the span of the attempt. Secrets are hidden as in the log. */
export function inputAttributes(messages: readonly Message[]): Attributes {
  const begin = messages.findIndex(({ role }) => !INSTRUCTIONS.has(role));
  const lead = begin === -1 ? messages.length : begin;
  const instructions = new BoundedJson();
  for (const { content } of messages.slice(0, lead)) {
    for (const part of contentParts(content)) if (!instructions.add(part)) break;
  }
  const input = new BoundedJson();
  for (const message of messages.slice(lead)) {
    const { role, name } = message;
    const head = { role, ...(name !== undefined && { name: safe(name) }) };
    if (!input.addMessage(head, partsOf(message))) break;
  }
  return {
    ...(lead > 0 && { [ATTRIBUTE.genAiSystemInstructions]: instructions.text }),
    [ATTRIBUTE.genAiInputMessages]: input.text,
  };
}

/** Gathers an answer while its events pass, as much of it as is shown. */
export class OutputContent {
  #text = '';
  #reasoning = '';
  #refusal = '';

  see(event: AnswerEvent): void {
    if (event.type === 'textDelta') this.#text = gathered(this.#text, event.text);
    else if (event.type === 'reasoningDelta') {
      this.#reasoning = gathered(this.#reasoning, event.text);
    } else if (event.type === 'refusalDelta') this.#refusal = gathered(this.#refusal, event.text);
  }

  /** @param completed absent: the answer broke off. */
  attributes(completed: Completed | undefined): Attributes {
    const output = new BoundedJson();
    const reason = completed?.finishReason ?? FINISH_ERROR;
    // The conventions have their own word for it.
    const finish_reason = reason === 'tool_calls' ? 'tool_call' : reason;
    output.addMessage({ role: 'assistant', finish_reason }, this.#parts(completed));
    return { [ATTRIBUTE.genAiOutputMessages]: output.text };
  }

  *#parts(completed: Completed | undefined): Generator<Part> {
    if (this.#reasoning !== '') yield { type: 'reasoning', content: safe(this.#reasoning) };
    if (this.#text !== '') yield { type: 'text', content: safe(this.#text) };
    if (this.#refusal !== '') yield { type: 'refusal', content: safe(this.#refusal) };
    for (const call of completed?.toolCalls ?? []) yield toolCallPart(call);
  }
}

function gathered(before: string, more: string): string {
  const room = MAX_CONTENT + MARGIN + 1 - before.length;
  return room > 0 ? before + more.slice(0, room) : before;
}

function* partsOf({ role, content, toolCalls = [], toolCallId, reasoning }: Message) {
  if (role === 'tool') {
    const response = typeof content === 'string' ? safe(content) : [...contentParts(content)];
    yield { type: 'tool_call_response', id: safe(toolCallId ?? ''), response };
    return;
  }
  if (reasoning) yield { type: 'reasoning', content: safe(reasoning) };
  yield* contentParts(content);
  for (const call of toolCalls) yield toolCallPart(call);
}

function* contentParts(content: string | readonly ContentPart[]): Generator<Part> {
  if (typeof content !== 'string') for (const part of content) yield partOf(part);
  else if (content !== '') yield { type: 'text', content: safe(content) };
}

function partOf(part: ContentPart): Part {
  if (part.type === 'text') return { type: 'text', content: safe(part.text) };
  const { uri, data, mediaType } = part;
  const mime = mediaType === undefined ? {} : { mime_type: safe(mediaType) };
  // The query of a signed URL is a secret; bytes would be all that there is room for.
  if (uri !== undefined) {
    return { type: 'uri', modality: part.type, ...mime, uri: safe(uri.replace(/[?#].*$/s, '')) };
  }
  if (data !== undefined) return { type: part.type, ...mime, bytes: data.byteLength };
  const fileId = part.type === 'file' ? part.fileId : undefined;
  return { type: 'file', modality: part.type, ...mime, file_id: safe(fileId ?? '') };
}

function toolCallPart({ id, name, arguments: text }: ToolCall): Part {
  return { type: 'tool_call', id: safe(id), name: safe(name), arguments: safe(text) };
}

/** Without secrets, and no longer than an attribute may be. */
function safe(text: string): string {
  if (text.length <= MAX_CONTENT + MARGIN) return withoutSecrets(text);
  return withoutSecrets(text.slice(0, MAX_CONTENT + MARGIN)).slice(0, -MARGIN);
}

/** A JSON array that is whole however much is added: what has no room is cut, or left out. */
class BoundedJson {
  readonly #items: string[] = [];
  #room = MAX_CONTENT - 2;

  get text(): string {
    return `[${this.#items.join(',')}]`;
  }

  /** False: there is no more room. */
  add(item: object): boolean {
    const json = JSON.stringify(item);
    const fits = json.length < this.#room;
    const kept = fits ? json : shortened(item, this.#room - 1);
    if (kept !== undefined) {
      this.#items.push(kept);
      this.#room -= kept.length + 1;
    }
    return fits;
  }

  /** The same, of a message whose parts are cut one by one. */
  addMessage(head: object, parts: Iterable<object>): boolean {
    const own = new BoundedJson();
    own.#room = this.#room - JSON.stringify({ ...head, parts: [] }).length - 1;
    let fits = own.#room > 0;
    if (!fits) return false;
    for (const part of parts) {
      fits = own.add(part);
      if (!fits) break;
    }
    const json = `${JSON.stringify(head).slice(0, -1)},"parts":${own.text}}`;
    this.#items.push(json);
    this.#room -= json.length + 1;
    return fits;
  }
}

/** The longest text of a part is cut until its JSON fits. Undefined: the rest alone is too long. */
function shortened(part: object, room: number): string | undefined {
  const [longest] = Object.entries(part)
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    .sort(([, a], [, b]) => b.length - a.length);
  if (longest === undefined) return undefined;
  const [name, whole] = longest;
  let length = Math.min(whole.length, Math.max(0, room));
  for (;;) {
    const cut = whole.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
    const json = JSON.stringify({ ...part, [name]: cut, truncated: true });
    if (json.length <= room) return json;
    if (length === 0) return undefined;
    // An escaped character takes up to six: what is too much may be the sixth of it.
    length = Math.max(0, length - Math.max(1, Math.floor((json.length - room) / 6)));
  }
}
