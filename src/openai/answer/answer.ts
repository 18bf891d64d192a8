import type { IncomingHttpHeaders } from 'node:http';
import type { Call, Emit } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { EventBuffer } from '../../core/event-buffer.ts';
import type { AnswerEvent, Completed } from '../../core/events.ts';
import type { FlowSource } from '../../core/flow.ts';
import { present } from '../../core/present.ts';
import { encoded, staleConnection } from '../errors/faults.ts';
import { fromHttpResponse, fromTransportError } from '../errors/map-error.ts';
import { headerValue } from '../errors/retry-after.ts';
import { ContentDecoder, codingOf } from '../http/content-decoder.ts';
import { ErrorReader } from '../http/error-reader.ts';
import { Exchange, type ResponseListener } from '../http/exchange.ts';
import type { HttpRequest } from '../http/http-request.ts';
import { rateHeadroom } from '../http/rate-headers.ts';
import { factsOf, type ResponseHead } from '../http/response-facts.ts';
import type { Transport } from '../http/transport.ts';
import { malformed } from '../values/json-checks.ts';
import { requestId } from '../values/upstream-text.ts';
import type { AnswerStream, ApiSurface } from './api-surface.ts';
import { HeldAnswer } from './held-answers.ts';
import { completedWithPlainNames, withPlainNames } from './plain-names.ts';
import { type AnswerReader, type BodyReader, SniffingReader } from './reader.ts';
import { type StreamOptions, StreamReader } from './stream-reader.ts';
import { WholeReader } from './whole-reader.ts';

export interface AnswerContext {
  readonly transport: Pick<Transport, 'send'>;
  readonly buildRequest: (call: Call, surface: ApiSurface) => HttpRequest | Promise<HttpRequest>;
  readonly clock: Clock;
  /** By which dates of the upstream are read. Default: `clock`. */
  readonly dated?: Clock;
  readonly stream: StreamOptions;
  /** The caller may see the upstream's own words for a failure. */
  readonly upstreamMessages: boolean;
  /** Asks in another way after a refusal that says how, before anything was delivered; undefined: it does not. */
  readonly again?: (call: Call, emit: Emit, error: ProviderError) => Promise<Completed> | undefined;
}

/**
 * One attempt at one answer: sends the request and turns the response into events. Whatever goes wrong
 * rejects with a ProviderError and ends the connection with it; only a body read to its end leaves the
 * connection for others.
 *
 * What one read of the socket brings is emitted when it is read to its end, adjacent deltas as one.
 */
export class Answer implements FlowSource, ResponseListener {
  readonly #call: Call;
  readonly #emit: Emit;
  readonly #surface: ApiSurface;
  readonly #context: AnswerContext;
  readonly #exchange: Exchange;
  readonly #result = Promise.withResolvers<Completed>();
  readonly #read = new EventBuffer<AnswerEvent>();
  readonly #held = new HeldAnswer();
  #settled = false;
  #failed = false;
  #startedAt = 0;
  #head: ResponseHead | undefined;
  #answer: AnswerReader | undefined;
  #stream: AnswerStream | undefined;
  #body: BodyReader | undefined;
  #decoder: ContentDecoder | undefined;
  #onAbortDecoding: (() => void) | undefined;

  constructor(call: Call, emit: Emit, surface: ApiSurface, context: AnswerContext) {
    this.#call = call;
    this.#emit = emit;
    this.#surface = surface;
    this.#context = context;
    this.#exchange = new Exchange(call.signal, this);
  }

  /** To be called once. */
  run(): Promise<Completed> {
    this.#startedAt = this.#context.clock.now();
    this.#call.flow.attach(this);
    this.#ask();
    return this.#result.promise;
  }

  get unread(): boolean {
    return this.#exchange.unread || (this.#decoder?.unread ?? false);
  }

  pause(): void {
    this.#exchange.pause();
    this.#decoder?.pause();
  }

  resume(): void {
    this.#decoder?.resume();
    this.#exchange.resume();
  }

  onConnected(): void {
    this.#call.onProgress(this.#exchange.reusesConnection ? 'reused' : 'connected');
    // The headers of a whole answer come with the answer: the wait for them is the model's.
    if (this.#whole) this.#call.onProgress('headers');
  }

  onHeaders(status: number, headers: IncomingHttpHeaders): void {
    const id = requestId(headerValue(headers, 'x-request-id') ?? '');
    this.#call.record.upstreamRequestId = id ?? '';
    this.#call.record.upstreamStatus = status;
    this.#head = { status, headers, id, at: this.#now };
    if (!this.#whole) this.#call.onProgress('headers');
    const headroom = rateHeadroom(headers);
    if (headroom !== undefined) this.#call.onHeadroom(headroom);
    this.#guard(() => this.#expectBody(status, headers));
  }

  onData(chunk: Buffer): void {
    this.#guard(() => (this.#decoder ?? this.#body)?.data(chunk));
  }

  onEnd(): void {
    // What is decoded still concerns the call: the exchange no longer hears of its end.
    if (this.#decoder !== undefined) {
      const onAbort = (): void => this.onAbort();
      this.#onAbortDecoding = onAbort;
      this.#call.signal.addEventListener('abort', onAbort);
    }
    this.#guard(() => (this.#decoder ?? this.#body)?.end());
  }

  onError(error: unknown): void {
    const known = fromTransportError(error, this.#call.model);
    this.#guard(() => {
      if (this.#answer !== undefined) this.#answer.fail(known);
      // An error response says more than the break behind it, even if it is cut.
      else if (this.#body !== undefined) this.#body.end();
      else throw this.#exchange.reusesConnection ? staleConnection(known) : known;
    });
  }

  onAbort(): void {
    this.#failed = true;
    this.#decoder?.destroy();
    this.#stream?.tellUsage();
    this.#settle();
    this.#result.reject(this.#call.signal.reason);
  }

  /** The model cannot stream, so no stream was asked for. */
  get #whole(): boolean {
    return !this.#call.target.model.supports.streaming;
  }

  /** Epoch ms. */
  get #now(): number {
    const { clock, dated = clock } = this.#context;
    return dated.now();
  }

  #ask(): void {
    try {
      this.#call.signal.throwIfAborted();
      const request = this.#context.buildRequest(this.#call, this.#surface);
      if (request instanceof Promise) void this.#sendWhenBuilt(request);
      else this.#context.transport.send(request, this.#exchange);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #sendWhenBuilt(request: Promise<HttpRequest>): Promise<void> {
    try {
      const built = await request;
      this.#context.transport.send(built, this.#exchange);
    } catch (error) {
      this.#fail(error);
    }
  }

  #expectBody(status: number, headers: IncomingHttpHeaders): void {
    if (status >= 300) {
      this.#expectError(status, headers);
      return;
    }
    const contentType = headerValue(headers, 'content-type') ?? '';
    this.#decode(codingOf(headerValue(headers, 'content-encoding') ?? ''));
    this.#answer = new SniffingReader(contentType, (streamed) => this.#readAnswer(streamed));
    this.#body = this.#answer;
  }

  #expectError(status: number, headers: IncomingHttpHeaders): void {
    const { clock } = this.#context;
    this.#body = new ErrorReader(headers, clock, (text) => {
      this.#fail(fromHttpResponse(status, headers, text, this.#call.model, this.#now));
    });
  }

  /** @param coding of the body, empty for none */
  #decode(coding: string): void {
    if (coding === '') return;
    this.#decoder = ContentDecoder.for(coding, {
      data: (chunk) => this.#guard(() => this.#body?.data(chunk)),
      end: () => this.#guard(() => this.#body?.end()),
      fail: (error) => this.#fail(error),
    });
    if (this.#decoder === undefined) throw encoded();
  }

  #readAnswer(streamed: boolean): AnswerReader {
    const { model } = this.#call;
    const stream = this.#surface.newStream(this.#call, (event) =>
      this.#read.push(withPlainNames(event, model)),
    );
    const context = {
      exchange: this.#exchange,
      isUnread: () => this.unread,
      onComplete: (completed: Completed) => this.#complete(completed),
      clock: this.#context.clock,
      startedAt: this.#startedAt,
    };
    this.#stream = stream;
    const options = this.#context.stream;
    return streamed
      ? new StreamReader(stream, context, options)
      : new WholeReader(stream, context, options.maxEventBytes);
  }

  #guard(step: () => void): void {
    if (this.#failed) return;
    try {
      step();
      if (this.#settled) return;
      this.#held.grow(this.#answer?.weight ?? 0);
      this.#flush();
    } catch (error) {
      this.#fail(error);
    }
  }

  #flush(): void {
    const { signal } = this.#call;
    for (let event = this.#read.shift(); event !== undefined; event = this.#read.shift()) {
      this.#emit(event);
      if (signal.aborted) this.#read.clear();
    }
  }

  #complete(completed: Completed): void {
    this.#flush();
    this.#settle();
    this.#result.resolve(completedWithPlainNames(completed, this.#call.model));
  }

  #fail(thrown: unknown): void {
    this.#failed = true;
    this.#decoder?.destroy();
    this.#exchange.destroy();
    const { signal } = this.#call;
    // What came before the break was said.
    if (!signal.aborted && !this.#settled) this.#flush();
    this.#stream?.tellUsage();
    this.#settle();
    if (signal.aborted) {
      this.#result.reject(signal.reason);
      return;
    }
    // The stack does not hold what is nested by the thousand.
    const error =
      thrown instanceof RangeError
        ? malformed('it is nested too deeply')
        : ProviderError.from(thrown);
    const { upstreamMessage, ...facts } = error.facts;
    const words = this.#context.upstreamMessages ? present({ upstreamMessage }) : {};
    const known = factsOf(this.#call.model, this.#head);
    const failure = new ProviderError(error.reason, { ...known, ...facts, ...words });
    const again = this.#context.again?.(this.#call, this.#emit, failure);
    if (again === undefined) this.#result.reject(failure);
    else this.#result.resolve(again);
  }

  #settle(): void {
    this.#settled = true;
    this.#held.release();
    this.#body?.stop?.();
    if (this.#onAbortDecoding !== undefined) {
      this.#call.signal.removeEventListener('abort', this.#onAbortDecoding);
    }
    this.#call.flow.detach(this);
  }
}
