import { type AnswerOptions, type AnswerPlan, planAnswer } from './answer-plan.ts';
import { answerHead, ChatWriter } from './chat-writer.ts';
import type { Behaviour, Exchange } from './exchange.ts';
import { sendJson } from './json.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { plausibleUsage } from './usage.ts';
import type { ChatUsage, Delta } from './wire.ts';

/** A good answer: streamed if the request wants a stream, else one JSON body. */
export function answer(options: AnswerOptions = {}): Behaviour {
  const plan = planAnswer(options);
  const { paceMs = 0, headers } = options;
  return async (exchange) => {
    const { request } = exchange;
    if (request.body.stream !== true) {
      sendJson(exchange, 200, completion(request, plan), headers);
      return;
    }
    exchange.headers(200, headers);
    const writer = new ChatWriter(request, (event) => exchange.raw(event), plan.identity);
    writer.role(plan.opening);
    if (paceMs > 0) await writePaced(exchange.signal, writer, plan.deltas, paceMs);
    else await writeAtOnce(exchange, writer, plan.deltas);
    writeEnding(writer, request, plan);
    exchange.end();
  };
}

/** The whole stream of an answer, as one text. */
export function answerText(request: RecordedRequest, options: AnswerOptions): string {
  const plan = planAnswer(options);
  const events: string[] = [];
  const writer = new ChatWriter(request, (event) => events.push(event), plan.identity);
  writer.role(plan.opening);
  for (const delta of plan.deltas) writer.chunk(delta);
  writeEnding(writer, request, plan);
  return events.join('');
}

/** The body that answers a request which wants no stream. */
export function completion(request: RecordedRequest, plan: AnswerPlan): object {
  const { message, finishReason } = plan;
  request.sentUsage = planUsage(request, plan);
  return {
    ...answerHead(request, 'chat.completion', plan.identity),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
    usage: request.sentUsage,
  };
}

async function writeAtOnce(
  exchange: Exchange,
  writer: ChatWriter,
  deltas: readonly Delta[],
): Promise<void> {
  for (const delta of deltas) {
    writer.chunk(delta);
    if (exchange.res.writableNeedDrain) await exchange.writable();
  }
}

/** One timer for the whole stream: with many streams at a time, a promise per delta would show. */
async function writePaced(
  signal: AbortSignal,
  writer: ChatWriter,
  deltas: readonly Delta[],
  paceMs: number,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let next = 0;
  const step = (): void => {
    const delta = deltas[next++];
    if (delta !== undefined) writer.chunk(delta);
    if (next >= deltas.length) resolve();
  };
  const timer = setInterval(step, paceMs);
  signal.addEventListener('abort', () => resolve(), { once: true });
  step();
  await promise;
  clearInterval(timer);
}

function writeEnding(writer: ChatWriter, request: RecordedRequest, plan: AnswerPlan): void {
  writer.chunk({}, plan.finishReason);
  writer.usage(planUsage(request, plan));
  if (plan.sendDone) writer.done();
}

function planUsage(request: RecordedRequest, plan: AnswerPlan): ChatUsage {
  return plausibleUsage(request.body, plan.deltas.length, plan.usage);
}
