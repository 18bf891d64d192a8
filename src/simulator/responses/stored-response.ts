import type { RecordedRequest } from '../wire/recorded-request.ts';
import { responseObject } from '../wire/responses-wire.ts';
import type { View } from './view.ts';

/** One response that is kept: what was said of it so far, and who listens. */
export class StoredResponse {
  readonly id: string;
  readonly request: RecordedRequest;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly #events: string[] = [];
  readonly #views = new Set<View>();
  readonly #generation = new AbortController();
  #object: Readonly<Record<string, unknown>>;
  #isOver = false;

  constructor(request: RecordedRequest, createdAt: number) {
    this.id = request.completionId;
    this.request = request;
    this.createdAt = createdAt;
    this.#object = { ...responseObject(request, {}, { status: 'queued', output: [] }) };
  }

  get runsInBackground(): boolean {
    return this.request.body.background === true;
  }

  get isStreamed(): boolean {
    return this.request.body.stream === true;
  }

  /** Whoever asked for it, as far as the API can tell: others do not find it. */
  get owner(): string | undefined {
    return this.request.headers.authorization;
  }

  /** Aborts when the generation is to stop. */
  get signal(): AbortSignal {
    return this.#generation.signal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** As it stands. Its output is told when it has ended. */
  get object(): object {
    return this.#object;
  }

  /** What comes next of its stream, an event as a whole. */
  append(event: string): void {
    const { response } = JSON.parse(event.slice(event.indexOf('data: ') + 'data: '.length));
    if (response !== undefined) this.#object = response;
    this.#events.push(event);
    for (const view of this.#views) view.send(event);
  }

  /** It ended with this, where it was not streamed. */
  take(body: string): void {
    this.#object = JSON.parse(body);
  }

  /** @param object as it stands now. Default: as it was told. */
  finish(object = this.#object): void {
    this.#object = object;
    this.#isOver = true;
    for (const view of this.#views) view.end();
    this.#views.clear();
  }

  /** Idempotent, and without effect on one that has ended. */
  cancel(): void {
    if (this.#isOver) return;
    this.#object = { ...this.#object, status: 'cancelled' };
    this.stop();
    this.finish();
  }

  /** Nothing more is generated, and nobody is told. */
  stop(): void {
    this.#generation.abort();
  }

  /** Sends what comes behind an event, from now on too. */
  show(view: View, startingAfter: number): void {
    for (const event of this.#events.slice(startingAfter + 1)) view.send(event);
    if (this.#isOver) view.end();
    else this.#views.add(view);
  }

  /** The connections of all who listen break. */
  breakViews(): void {
    for (const view of this.#views) view.break('cut');
    this.#views.clear();
  }
}
