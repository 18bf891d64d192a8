import type { Call, Emit } from '../../core/call.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { Completed, FinishReason, Timings } from '../../core/events.ts';
import type { Usage } from '../../core/usage.ts';
import type { AnswerStream } from '../answer/api-surface.ts';
import { AnswerEvents } from '../answer/events.ts';
import { toIncompleteReason } from '../answer/map-finish-reason.ts';
import { isCount, toResponsesUsage } from '../answer/map-usage.ts';
import type { Repeatable } from '../answer/repeated-event.ts';
import { ReportedUsage } from '../answer/usage-report.ts';
import { cancelledUpstream, reported } from '../errors/faults.ts';
import { errorIn, readErrorData } from '../errors/in-answer.ts';
import { recordOf, stringOr } from '../values/json-record.ts';
import {
  isErrorType,
  parseResponse,
  parseResponsesEvent,
  type ResponseObject,
  type ResponsesEvent,
} from './event.ts';
import { DELTAS, READERS } from './event-readers.ts';
import { HostedOutput } from './hosted-output.ts';
import { ResponsesOutput } from './output.ts';
import { type ResponseProgress, sequenceIn } from './progress.ts';
import { UnknownParts } from './unknown-parts.ts';

interface Finish {
  readonly finishReason: FinishReason;
  readonly rawFinishReason: string;
}

/** What a whole answer can be. */
const ENDS: ReadonlySet<unknown> = new Set([
  'completed',
  'complete',
  'incomplete',
  'failed',
  'cancelled',
]);

/** Events that end an answer. */
const ENDINGS: ReadonlySet<string> = new Set([
  'response.completed',
  'response.done',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
]);

/** Folds the events of one Responses stream into those of an answer. */
export class ResponsesStream implements AnswerStream {
  readonly #call: Call;
  readonly #progress: ResponseProgress | undefined;
  readonly #events: AnswerEvents;
  readonly #output: ResponsesOutput;
  readonly #unknown: UnknownParts;
  readonly #usage = new ReportedUsage(toResponsesUsage);
  /** The last event, unless it brought nothing. */
  #last: ResponsesEvent | undefined;
  #response: ResponseObject = {};
  /** The server has said how it ended. */
  #isOver = false;
  #finish: Finish = { finishReason: 'error', rawFinishReason: '' };

  constructor(call: Call, emit: Emit, progress?: ResponseProgress) {
    this.#call = call;
    this.#progress = progress;
    this.#events = new AnswerEvents(call, emit);
    this.#unknown = new UnknownParts(call);
    this.#output = new ResponsesOutput(this.#events, new HostedOutput(emit), call.upstream);
  }

  get finished(): boolean {
    return this.#finish.rawFinishReason !== '';
  }

  /** The event that ends an answer brings all there is to know of it. */
  get complete(): boolean {
    return this.finished;
  }

  get wentOn(): boolean {
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

  /** The server has taken the request, and not begun with it. */
  get isQueued(): boolean {
    return this.#response.status === 'queued';
  }

  read(name: string, data: string): void {
    this.#last = undefined;
    if (this.finished) return;
    if (name === 'error') throw this.#interrupted(readErrorData(data));
    const event = parseResponsesEvent(name, data);
    if (event === undefined) {
      this.#unknown.responsesEventType(typeName(name, data));
      this.#passOver(data);
      return;
    }
    if (this.#progress?.reached(event.sequence_number) === false) return;
    this.#read(event, event.type ?? name);
    this.#last = event.type == null ? { ...event, type: name } : event;
  }

  onlyText(): Repeatable | undefined {
    const { type, delta, response } = this.#last ?? {};
    if (!DELTAS.has(type ?? '') || !delta || response) return undefined;
    return { field: 'delta', text: delta };
  }

  readAgain(delta: string, sequence?: number): void {
    const event = { ...this.#last, delta };
    if (this.#progress?.reached(sequence ?? event.sequence_number) === false) return;
    this.#say(event.type ?? '', event);
  }

  #read(event: ResponsesEvent, type: string): void {
    this.#unknown.event(event);
    const error = isErrorType(type) ? event : errorIn(event);
    if (error) throw this.#interrupted(error);
    const { response } = event;
    if (response) this.#take(response);
    if (response || event.item || event.item_id || event.delta) this.#start();
    if (ENDINGS.has(type)) this.#end(type);
    else this.#say(type, event);
  }

  #say(type: string, event: ResponsesEvent): void {
    READERS[type]?.(this.#output, event);
    this.#output.hosted.see(type, event.item_id, event.output_index);
  }

  readWhole(body: string): void {
    const response = parseResponse(body);
    if (ENDS.has(response.status)) this.#progress?.ended();
    const error = errorIn(response);
    if (error) {
      this.#isOver = true;
      this.#response = merged(this.#response, response);
      if (response.usage) this.#usage.add(response.usage);
      throw reported(error, this.#call);
    }
    this.#unknown.event({ response });
    this.#take(response);
    // Some servers leave the status of a whole answer out.
    if (ENDS.has(response.status) || (response.status == null && response.output?.length)) {
      this.#end('');
    }
  }

  saidDone(): void {}

  readLate(): boolean {
    return false;
  }

  /** What was used is billed, however the answer ended. */
  tellUsage(): void {
    const used = this.#usage.soFar(this.#events.outputTokens, this.#isOver, this.#isOver);
    if (used) this.#call.onFailedUsage?.(used, stringOr(this.#response.service_tier));
    const hostedCalls = this.#hostedCalls;
    if (hostedCalls) this.#call.onFailedCalls?.(hostedCalls);
  }

  end(timings: Timings): Completed {
    const { model, service_tier } = this.#response;
    const providerData = this.#output.layout;
    const hostedCalls = this.#hostedCalls;
    const outcome = {
      ...this.#finish,
      reasoningItems: this.#output.reasoningItems,
      usage: this.#usage.total(this.#events.hasOutput),
      model: stringOr(model),
      serviceTier: stringOr(service_tier),
      systemFingerprint: '',
      ...(providerData !== '' && { providerData }),
      ...(hostedCalls && { hostedCalls }),
    };
    return this.#events.end(outcome, timings);
  }

  get #hostedCalls(): Usage['toolCalls'] {
    return this.#output.hosted.calls(billedCalls(this.#response.tool_usage));
  }

  #cut(reason: string): Finish {
    this.#unknown.finishWord(reason);
    const isLength = reason === 'incomplete' && this.#isUsedUp;
    const finishReason = isLength ? 'length' : toIncompleteReason(reason);
    return { finishReason, rawFinishReason: reason };
  }

  /** Whether the answer has as many tokens as it may have, for servers that do not say why it ends. */
  get #isUsedUp(): boolean {
    const { max_output_tokens } = this.#response;
    const limit = max_output_tokens ?? this.#call.request.maxTokens;
    const { outputTokens = 0 } = this.#usage.total(this.#events.hasOutput) ?? {};
    return typeof limit === 'number' && limit > 0 && outputTokens >= limit;
  }

  #interrupted(error: unknown): ProviderError {
    this.#progress?.interrupted();
    return reported(error, this.#call);
  }

  /** Events that are not read have their places, too. */
  #passOver(data: string): void {
    const sequence = this.#progress && sequenceIn(data);
    if (sequence !== undefined) this.#progress?.reached(sequence);
  }

  #take(response: ResponseObject): void {
    // What the first event said of the answer holds where later ones leave it out.
    this.#response = merged(this.#response, response);
    if (response.usage) this.#usage.add(response.usage);
    if (response.id != null) this.#progress?.identified(stringOr(response.id));
  }

  #start(): void {
    this.#events.start(stringOr(this.#response.id), stringOr(this.#response.model));
  }

  /** @param type of the event; the status is believed where it says worse */
  #end(type: string): void {
    const { status, error, output, output_text, incomplete_details } = this.#response;
    this.#isOver = true;
    this.#progress?.ended();
    const hasFailed = type === 'response.failed' || status === 'failed';
    const isCancelled = type === 'response.cancelled' || status === 'cancelled';
    if (hasFailed) throw reported(error ?? {}, this.#call);
    if (isCancelled) throw cancelledUpstream();
    this.#start();
    this.#output.answerDone(output ?? [], stringOr(output_text));
    if (type === 'response.incomplete' || status === 'incomplete') {
      this.#finish = this.#cut(stringOr(recordOf(incomplete_details).reason) || 'incomplete');
    } else {
      const finishReason = this.#events.tools.count > 0 ? 'tool_calls' : 'stop';
      this.#finish = { finishReason, rawFinishReason: 'completed' };
    }
  }
}

/** What the upstream bills by the call, as far as it counts that itself. */
function billedCalls(usage: unknown): Readonly<Record<string, number>> {
  const { num_requests } = recordOf(recordOf(usage).web_search);
  return isCount(num_requests) ? { web_search: num_requests } : {};
}

/** Of fields that are not read nothing is kept: their names may be others each time. */
function merged(before: ResponseObject, now: ResponseObject): ResponseObject {
  return {
    id: now.id ?? before.id,
    model: now.model ?? before.model,
    status: now.status ?? before.status,
    service_tier: now.service_tier ?? before.service_tier,
    output: now.output ?? before.output ?? null,
    output_text: now.output_text ?? before.output_text,
    usage: now.usage ?? before.usage,
    tool_usage: now.tool_usage ?? before.tool_usage,
    error: now.error ?? before.error,
    incomplete_details: now.incomplete_details ?? before.incomplete_details,
    max_output_tokens: now.max_output_tokens ?? before.max_output_tokens,
  };
}

const OWN_TYPE = /"type"\s*:\s*"(response\.[^"]*)"/;

/** What an event calls itself that is not read. */
function typeName(name: string, data: string): string {
  if (name !== '' && name !== 'message') return name;
  // That of a part may stand in front of it, and its own at the end.
  const ends = [data.slice(0, 512), data.slice(-512)];
  const [type] = ends.flatMap((end) => OWN_TYPE.exec(end)?.[1] ?? []);
  return type ?? /"type"\s*:\s*"([^"]*)"/.exec(ends[0] ?? '')?.[1] ?? '';
}
