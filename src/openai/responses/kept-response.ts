import type { Call, Emit } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { AnswerEvent, Completed } from '../../core/events.ts';
import { pause } from '../../core/pause.ts';
import type { UpstreamAnswer } from '../../core/upstream-answers.ts';
import { Answer, type AnswerContext } from '../answer/answer.ts';
import type { ApiSurface } from '../answer/api-surface.ts';
import { completedWithPlainNames, withPlainNames } from '../answer/plain-names.ts';
import { timingsOf } from '../answer/stream-reader.ts';
import { hungUp } from '../errors/faults.ts';
import type { ResourceHttp } from '../resources/resource-http.ts';
import type { ResponseProgress } from './progress.ts';
import { ResponsesStream } from './stream.ts';

/** How long apart it is looked whether an answer has ended that is streamed no more, in ms. */
const POLL_MS = 2_000;

/** As OpenAI's; it becomes a part of a URL. */
const RESPONSE_ID = /^[A-Za-z0-9_-]{1,256}$/;

export interface KeptResponseDeps extends AnswerContext {
  /** The Responses API, as it is asked for a new answer. */
  readonly surface: ApiSurface;
  /** Asks with the API key at this position. */
  readonly resources: (key: number) => ResourceHttp;
}

/**
 * One answer of the Responses API that runs in the background: the connections on which it comes may
 * break, and what came on them is one stream.
 *
 * https://developers.openai.com/api/docs/guides/background
 */
export class KeptResponse implements UpstreamAnswer, ResponseProgress {
  readonly #deps: KeptResponseDeps;
  readonly #call: Call;
  readonly #stream: ResponsesStream;
  readonly #startedAt: number;
  #emit: Emit = () => {};
  #id = '';
  #ended = false;
  #events = 0;
  /** Place of the last event. */
  #cursor = -1;
  /** What comes now comes again, or behind what came before. */
  #isResumed = false;
  /** It is streamed no more, or its events are not counted: only the whole of it is to be had. */
  #isPolled = false;

  constructor(call: Call, deps: KeptResponseDeps) {
    this.#call = call;
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
    this.#stream = new ResponsesStream(call, (event) => this.#emit(event), this);
  }

  get id(): string {
    return this.#id;
  }

  get hasOutput(): boolean {
    return this.#stream.hasOutput;
  }

  get events(): number {
    return this.#events;
  }

  get isOver(): boolean {
    return this.#ended;
  }

  /** Asks for it. */
  begin(emit: Emit): Promise<Completed> {
    return this.#read(this.#call, emit, this.#deps);
  }

  /** Goes on with it over another connection. */
  async goOn(call: Call, emit: Emit): Promise<Completed> {
    this.#isResumed = true;
    if (this.#isPolled) return this.#poll(call, emit);
    const wanted = {
      method: 'get',
      collection: '/responses',
      below: this.#id,
      query: { stream: 'true', starting_after: String(this.#cursor) },
      accept: 'text/event-stream',
    } as const;
    const buildRequest = () => this.#deps.resources(call.key).build(wanted);
    try {
      return await this.#read(call, emit, { ...this.#deps, buildRequest });
    } catch (thrown) {
      // After 5 minutes, says OpenAI, "this response can no longer be streamed".
      if (ProviderError.from(thrown).facts.upstreamStatus !== 400) throw thrown;
      this.#isPolled = true;
      return this.#poll(call, emit);
    }
  }

  reached(sequence: unknown): boolean {
    const next = this.#cursor + 1;
    if (sequence === next) this.#cursor = next;
    else if (!this.#isResumed) this.#isPolled = true;
    else if (typeof sequence === 'number' && sequence < next) return false;
    else {
      this.interrupted();
      throw hungUp();
    }
    this.#events += 1;
    return true;
  }

  /** The whole of the answer tells what is missing, and whether anything still comes. */
  interrupted(): void {
    this.#isPolled = true;
  }

  identified(id: string): void {
    if (this.#id !== '' || !RESPONSE_ID.test(id)) return;
    this.#id = id;
    this.#call.onKept?.(this);
  }

  ended(): void {
    this.#ended = true;
  }

  /** All connections feed one stream. */
  #read(call: Call, emit: Emit, context: AnswerContext): Promise<Completed> {
    const surface: ApiSurface = {
      ...this.#deps.surface,
      newStream: (_call, next) => {
        this.#emit = next;
        return this.#stream;
      },
    };
    return new Answer(call, emit, surface, context).run();
  }

  /** Waits for its end, and tells what has not come of it. */
  async #poll(call: Call, emit: Emit): Promise<Completed> {
    const { clock, resources } = this.#deps;
    const emitNamed = (event: AnswerEvent): void => emit(withPlainNames(event, call.model));
    this.#emit = emitNamed;
    call.onProgress('connected');
    call.onProgress('headers');
    for (;;) {
      const wanted = { method: 'get', collection: '/responses', below: this.#id } as const;
      this.#readWhole(await resources(call.key).askText(wanted, call.signal));
      if (this.#stream.finished) {
        const completed = this.#stream.end(timingsOf(clock, this.#startedAt, undefined));
        return completedWithPlainNames(completed, call.model);
      }
      if (!this.#stream.isQueued) call.onProgress('working');
      await pause(POLL_MS, call.signal, clock);
    }
  }

  #readWhole(body: string): void {
    try {
      this.#stream.readWhole(body);
    } catch (thrown) {
      this.#stream.tellUsage();
      throw thrown;
    }
  }
}
