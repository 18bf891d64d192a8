import { type AnswerWriter, newWriter } from '../wire/answer-writer.ts';
import type { RecordedRequest } from '../wire/recorded-request.ts';
import type { ChatUsage, Delta } from '../wire/wire.ts';

/** Says an answer in the API that its request was made over, to whatever `raw` is. */
export abstract class Answering {
  #writer: AnswerWriter | undefined;

  abstract get request(): RecordedRequest;
  abstract raw(data: string | Buffer): boolean;

  chunk(delta: Delta, finishReason?: string): void {
    this.#answer().chunk(delta, finishReason);
  }

  usage(usage?: ChatUsage): void {
    this.#answer().usage(usage);
  }

  done(): void {
    this.#answer().done();
  }

  #answer(): AnswerWriter {
    this.#writer ??= newWriter(this.request, (event) => this.raw(event));
    return this.#writer;
  }
}
