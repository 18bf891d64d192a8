import { type AnswerOptions, type AnswerPlan, planAnswer } from '../wire/answer-plan.ts';
import { type AnswerWriter, newWriter } from '../wire/answer-writer.ts';
import { completion, planUsage, writeOpening } from './answer.ts';
import type { ServerExchange } from './server-exchange.ts';

/** An answer of which the beginning was written, and what may come next. */
export interface Begun {
  /** Another piece of text. */
  text(content: string): void;
  /** An event, or the JSON body, that breaks off: not what a reader can parse. */
  garble(): void;
  /** The rest up to finish reason and usage. */
  finish(): void;
  /** What says that the answer is over: `[DONE]`, or the end of the JSON body. */
  done(): void;
}

/**
 * Writes headers, opening and the first pieces of an answer; of one without a stream, half of its body.
 *
 * @param pieces deltas of text, tool calls and the like
 * @param reply default: `word1 `, `word2 `, … , as many as there are pieces
 */
export function begin(exchange: ServerExchange, pieces: number, reply?: AnswerOptions): Begun {
  const plan = planOf(pieces, reply);
  return exchange.request.body.stream === true
    ? new BegunStream(exchange, plan, pieces)
    : new BegunBody(exchange, plan);
}

/** Of the answer, or of one of as many words. */
export function planOf(pieces: number, reply?: AnswerOptions): AnswerPlan {
  const word = (_: unknown, index: number): string => `word${index + 1} `;
  return planAnswer(reply ?? { deltas: Array.from({ length: pieces }, word) });
}

class BegunStream implements Begun {
  readonly #exchange: ServerExchange;
  readonly #plan: AnswerPlan;
  readonly #writer: AnswerWriter;
  #next = 0;

  constructor(exchange: ServerExchange, plan: AnswerPlan, pieces: number) {
    this.#exchange = exchange;
    this.#plan = plan;
    this.#writer = newWriter(exchange.request, (event) => exchange.raw(event), plan.identity);
    exchange.headers();
    writeOpening(this.#writer, plan);
    this.#write(pieces);
  }

  text(content: string): void {
    this.#writer.chunk({ content });
  }

  garble(): void {
    const { completionId } = this.#exchange.request;
    this.#exchange.raw(`data: {"id":"${completionId}","object":"chat.comple\n\n`);
  }

  finish(): void {
    this.#write(this.#plan.deltas.length);
    this.#writer.chunk({}, this.#plan.finishReason);
    this.#writer.usage(planUsage(this.#exchange.request, this.#plan));
  }

  done(): void {
    this.#writer.done();
  }

  #write(upTo: number): void {
    for (; this.#next < Math.min(upTo, this.#plan.deltas.length); this.#next += 1) {
      this.#writer.chunk(this.#plan.deltas[this.#next] ?? {});
    }
  }
}

class BegunBody implements Begun {
  readonly #exchange: ServerExchange;
  #rest: string;

  constructor(exchange: ServerExchange, plan: AnswerPlan) {
    this.#exchange = exchange;
    const body = JSON.stringify(completion(exchange.request, plan), null, 2);
    const middle = Math.floor(body.length / 2);
    this.#rest = body.slice(middle);
    // Without a length: not all faults let it be as long as that.
    exchange.headers(200, { 'content-type': 'application/json' });
    exchange.raw(body.slice(0, middle));
  }

  /** The body has its text already. */
  text(): void {}

  garble(): void {
    this.#rest = '';
  }

  finish(): void {}

  done(): void {
    this.#exchange.raw(`${this.#rest}\n`);
  }
}
