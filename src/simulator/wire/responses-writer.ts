import type { AnswerWriter } from './answer-writer.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { type ItemKind, type ResponseItem, RUNS, SHAPES, withIncluded } from './responses-items.ts';
import { type ResponseState, responseObject } from './responses-wire.ts';
import { plausibleUsage } from './usage.ts';
import type { AnswerIdentity, ChatUsage, Delta, SealedReasoning, ToolCallDelta } from './wire.ts';

interface OpenItem {
  readonly kind: ItemKind;
  /** Of a function call, among the calls. */
  readonly call: number;
  readonly index: number;
  readonly id: string;
  readonly callId: string;
  readonly name: string;
  readonly annotations: readonly object[];
  text: string;
}

const COMPLETED: ReadonlySet<string> = new Set(['stop', 'tool_calls']);

/** Formats the events of one streamed Responses answer, told in the terms of Chat Completions. */
export class ResponsesWriter implements AnswerWriter {
  readonly #request: RecordedRequest;
  readonly #emit: (event: string) => void;
  readonly #identity: AnswerIdentity;
  readonly #output: object[] = [];
  #open: OpenItem | undefined;
  #begun = false;
  #finishReason: string | undefined;
  #ended = false;
  #deltas = 0;
  #sequence = 0;

  constructor(request: RecordedRequest, emit: (event: string) => void, identity: AnswerIdentity) {
    this.#request = request;
    this.#emit = emit;
    this.#identity = identity;
  }

  role(): void {
    this.#begin();
  }

  chunk(delta: Delta, finishReason?: string): void {
    this.#begin();
    if (delta.role === undefined && finishReason === undefined) this.#deltas += 1;
    const reasoning = delta.reasoning_content ?? delta.reasoning;
    if (reasoning) this.#say('reasoning', reasoning);
    if (delta.content) this.#say('text', delta.content);
    if (delta.refusal) this.#say('refusal', delta.refusal);
    for (const call of delta.tool_calls ?? []) this.#call(call);
    if (finishReason !== undefined) this.#close();
    this.#finishReason ??= finishReason;
  }

  /** Sealed only for whoever asked for that. */
  sealed({ id, encryptedContent, summary = [] }: SealedReasoning): void {
    this.#begin();
    this.#close();
    const wanted = this.#include.includes('reasoning.encrypted_content');
    const at = { output_index: this.#output.length };
    const told = this.#tellsSummary ? summary : [];
    const item = {
      id,
      type: 'reasoning',
      summary: told.map((text) => ({ type: 'summary_text', text })),
      ...(wanted && { encrypted_content: encryptedContent }),
    };
    this.event('response.output_item.added', { ...at, item: { ...item, summary: [] } });
    told.forEach((text, summary_index) => {
      this.#summaryPart({ item_id: id, ...at, summary_index }, text);
    });
    this.#output.push(item);
    this.event('response.output_item.done', { ...at, item });
  }

  #call({ index, id = '', function: called, custom }: ToolCallDelta): void {
    const kind = custom === undefined ? 'call' : 'custom';
    const text = custom === undefined ? called?.arguments : custom.input;
    const name = (custom ?? called)?.name;
    if (name !== undefined) this.#openItem(kind, index, id, name);
    if (text) this.#say(kind, text, index);
  }

  /** Announced first, without what it is to do; what OpenAI runs itself tells how it goes. */
  item(whole: ResponseItem): void {
    this.#begin();
    this.#close();
    const item = withIncluded(whole, this.#include);
    const { type = '', id } = item;
    const index = this.#output.length;
    const at = { output_index: index };
    const { operation, action, results, outputs, ...begun } = item;
    this.event('response.output_item.added', {
      ...at,
      item: {
        ...begun,
        status: 'in_progress',
        ...(operation && { operation: { ...operation, diff: '' } }),
      },
    });
    const runs = RUNS[type] ?? [];
    for (const status of runs) {
      this.event(`response.${type}.${status}`, { ...at, item_id: id });
    }
    this.#output.push(item);
    this.event('response.output_item.done', { ...at, item });
  }

  get #include(): readonly string[] {
    return (this.#request.body.include as readonly string[] | null | undefined) ?? [];
  }

  /** A summary comes only to whoever asked for one. */
  get #tellsSummary(): boolean {
    const { reasoning } = this.#request.body as { reasoning?: { summary?: unknown } };
    return reasoning?.summary != null;
  }

  #summaryPart(place: object, text: string): void {
    const part = { type: 'summary_text', text };
    this.event('response.reasoning_summary_part.added', { ...place, part: { ...part, text: '' } });
    for (const delta of text.match(/\s*\S+|\s+$/g) ?? []) {
      this.event('response.reasoning_summary_text.delta', { ...place, delta });
    }
    this.event('response.reasoning_summary_text.done', { ...place, text });
    this.event('response.reasoning_summary_part.done', { ...place, part });
  }

  /** The event that ends an answer brings its usage. */
  usage(usage?: ChatUsage): void {
    if (this.#ended || this.#finishReason === undefined) return;
    const sent = usage ?? plausibleUsage(this.#request.body, this.#deltas);
    this.#request.sentUsage = sent;
    const completed = COMPLETED.has(this.#finishReason);
    this.end(
      completed
        ? { status: 'completed', usage: sent }
        : { status: 'incomplete', usage: sent, incompleteReason: incomplete(this.#finishReason) },
    );
  }

  /** There is no `[DONE]`: the answer's own end is the end. */
  done(): void {
    this.usage();
  }

  /** The event that ends the answer, whatever was said. */
  end(state: Omit<ResponseState, 'output'>): void {
    this.#begin();
    this.#ended = true;
    this.event(`response.${state.status}`, { response: this.response(state) });
  }

  /** The answer as one object. */
  response(state: Omit<ResponseState, 'output'>): object {
    return responseObject(this.#request, this.#identity, { ...state, output: [...this.#output] });
  }

  event(type: string, fields: object): void {
    this.#request.chunksWritten += 1;
    const data = { type, sequence_number: this.#sequence++, ...fields };
    this.#emit(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const response = this.response({ status: 'in_progress' });
    if (this.#request.body.background === true) {
      const queued = this.response({ status: 'queued' });
      this.event('response.created', { response: queued });
      this.event('response.queued', { response: queued });
    } else {
      this.event('response.created', { response });
    }
    this.event('response.in_progress', { response });
  }

  #say(kind: ItemKind, text: string, call = 0): void {
    const open = this.#open;
    const item = open?.kind === kind && open.call === call ? open : this.#openItem(kind, call);
    item.text += text;
    this.event(`${SHAPES[kind].event}.delta`, { ...this.#place(item), delta: text });
  }

  #openItem(kind: ItemKind, call: number, callId = '', name = ''): OpenItem {
    this.#close();
    const index = this.#output.length;
    const shape = SHAPES[kind];
    const id = `${shape.idPrefix}_${index}_${this.#request.requestId}`;
    const annotations = kind === 'text' ? (this.#identity.annotations ?? []) : [];
    const item: OpenItem = { kind, call, index, id, callId, name, annotations, text: '' };
    this.#open = item;
    this.event('response.output_item.added', {
      output_index: index,
      item: shape.item(item, 'in_progress'),
    });
    if (shape.part !== undefined) {
      this.event('response.content_part.added', { ...this.#place(item), part: shape.part('') });
    }
    return item;
  }

  #close(): void {
    const item = this.#open;
    if (item === undefined) return;
    this.#open = undefined;
    const shape = SHAPES[item.kind];
    const whole = shape.item(item, 'completed');
    const place = this.#place(item);
    item.annotations.forEach((annotation, annotation_index) => {
      this.event('response.output_text.annotation.added', {
        ...place,
        annotation_index,
        annotation,
      });
    });
    this.event(`${shape.event}.done`, { ...place, [shape.field]: item.text });
    if (shape.part !== undefined) {
      const part = shape.part(item.text, item.annotations);
      this.event('response.content_part.done', { ...place, part });
    }
    this.#output.push(whole);
    this.event('response.output_item.done', { output_index: item.index, item: whole });
  }

  #place({ kind, id, index }: OpenItem): object {
    return {
      item_id: id,
      output_index: index,
      ...(kind !== 'call' && kind !== 'custom' && { content_index: 0 }),
    };
  }
}

function incomplete(finishReason: string): string {
  return finishReason === 'length' ? 'max_output_tokens' : finishReason;
}
