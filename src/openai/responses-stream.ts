import type { Call, Emit } from '../core/call.ts';
import type { Completed, FinishReason, Timings } from '../core/events.ts';
import { AnswerEvents } from './answer-events.ts';
import type { AnswerStream } from './api-surface.ts';
import { cancelledUpstream, reported } from './faults.ts';
import { recordOf, stringOr } from './json-record.ts';
import { toIncompleteReason } from './map-finish-reason.ts';
import { toResponsesUsage } from './map-usage.ts';
import {
  parseResponse,
  parseResponsesEvent,
  type ResponseObject,
  type ResponsesEvent,
} from './responses-event.ts';
import { ResponsesOutput } from './responses-output.ts';

interface Finish {
  readonly finishReason: FinishReason;
  readonly rawFinishReason: string;
}

/** What a whole answer can be. */
const ENDS: ReadonlySet<unknown> = new Set(['completed', 'incomplete', 'failed', 'cancelled']);

/** Folds the events of one Responses stream into those of an answer. */
export class ResponsesStream implements AnswerStream {
  readonly #call: Call;
  readonly #events: AnswerEvents;
  readonly #output: ResponsesOutput;
  #response: ResponseObject = {};
  #finish: Finish = { finishReason: 'error', rawFinishReason: '' };

  constructor(call: Call, emit: Emit) {
    this.#call = call;
    this.#events = new AnswerEvents(call, emit);
    this.#output = new ResponsesOutput(this.#events);
  }

  get finished(): boolean {
    return this.#finish.rawFinishReason !== '';
  }

  /** The event that ends an answer brings all there is to know of it. */
  get complete(): boolean {
    return this.finished;
  }

  get hasOutput(): boolean {
    return this.#events.hasOutput;
  }

  read(name: string, data: string): void {
    if (this.finished) return;
    const event = parseResponsesEvent(name, data);
    const type = event.type ?? name;
    if (type === 'error' || event.error) throw this.#failure(event);
    const { response } = event;
    if (response) this.#response = response;
    if (response || event.item || event.delta) this.#start();
    switch (type) {
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        this.#end(type);
        break;
      default:
        this.#add(type, event);
    }
  }

  readWhole(body: string): void {
    const response = parseResponse(body);
    if (response.error) throw reported(response.error, this.#call);
    this.#response = response;
    if (ENDS.has(response.status)) this.#end('');
  }

  end(timings: Timings): Completed {
    const { model, usage, service_tier } = this.#response;
    const outcome = {
      ...this.#finish,
      reasoningItems: this.#output.reasoningItems,
      usage: usage ? toResponsesUsage(usage) : undefined,
      model: stringOr(model),
      serviceTier: stringOr(service_tier),
      systemFingerprint: '',
    };
    return this.#events.end(outcome, timings);
  }

  #start(): void {
    this.#events.start(stringOr(this.#response.id), stringOr(this.#response.model));
  }

  /** Of the many kinds of events, those that bring something new. */
  #add(type: string, { output_index: index, delta, item }: ResponsesEvent): void {
    switch (type) {
      case 'response.output_text.delta':
        this.#output.text(index, delta ?? '');
        break;
      case 'response.refusal.delta':
        this.#output.refusal(index, delta ?? '');
        break;
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
        this.#output.reasoning(index, delta ?? '');
        break;
      case 'response.function_call_arguments.delta':
        this.#output.arguments(index, delta ?? '');
        break;
      case 'response.output_item.added':
        if (item) this.#output.itemAdded(index, item);
        break;
      case 'response.output_item.done':
        if (item) this.#output.itemDone(index, item);
        break;
    }
  }

  /** @param type of the event; the status is believed where it says worse */
  #end(type: string): void {
    const { status, error, output, incomplete_details } = this.#response;
    if (type === 'response.failed' || status === 'failed') throw reported(error ?? {}, this.#call);
    if (type === 'response.cancelled' || status === 'cancelled') throw cancelledUpstream();
    this.#start();
    this.#output.answerDone(output ?? []);
    if (type === 'response.incomplete' || status === 'incomplete') {
      const reason = stringOr(recordOf(incomplete_details).reason) || 'incomplete';
      this.#finish = { finishReason: toIncompleteReason(reason), rawFinishReason: reason };
    } else {
      const finishReason = this.#events.toolCalls.length > 0 ? 'tool_calls' : 'stop';
      this.#finish = { finishReason, rawFinishReason: 'completed' };
    }
  }

  /** The error stands in the event itself, or in a field of it. */
  #failure({ error, code, message, param }: ResponsesEvent): Error {
    return reported(error || { code, message, param }, this.#call);
  }
}
