import { type AnswerOptions, type AnswerPlan, planAnswer } from '../wire/answer-plan.ts';
import { type AnswerWriter, newWriter } from '../wire/answer-writer.ts';
import { answerHead } from '../wire/chat-writer.ts';
import type { RecordedRequest } from '../wire/recorded-request.ts';
import { isResponsesRequest } from '../wire/responses-wire.ts';
import { plausibleUsage } from '../wire/usage.ts';
import type { ChatUsage, Delta } from '../wire/wire.ts';
import { sendJson } from './json.ts';
import type { Behaviour, ServerExchange } from './server-exchange.ts';

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
    const writer = newWriter(request, (event) => exchange.raw(event), plan.identity);
    writeOpening(writer, plan);
    if (paceMs > 0) await writePaced(exchange.signal, writer, plan.deltas, paceMs);
    else await writeAtOnce(exchange, writer, plan.deltas);
    writeEnding(writer, request, plan);
    exchange.end();
  };
}

/** The whole answer as one text: a stream if the request wants one, else a JSON body. */
export function answerText(request: RecordedRequest, options: AnswerOptions): string {
  const plan = planAnswer(options);
  if (request.body.stream !== true)
    return `${JSON.stringify(completion(request, plan), null, 2)}\n`;
  const events: string[] = [];
  const writer = newWriter(request, (event) => events.push(event), plan.identity);
  writeOpening(writer, plan);
  for (const delta of plan.deltas) writer.chunk(delta);
  writeEnding(writer, request, plan);
  return events.join('');
}

/** The body that answers a request which wants no stream. */
export function completion(request: RecordedRequest, plan: AnswerPlan): object {
  return isResponsesRequest(request)
    ? wholeResponse(request, plan)
    : wholeCompletion(request, plan);
}

function wholeResponse(request: RecordedRequest, plan: AnswerPlan): object {
  const events: string[] = [];
  const writer = newWriter(request, (event) => events.push(event), plan.identity);
  writeOpening(writer, plan);
  for (const delta of plan.deltas) writer.chunk(delta);
  writeEnding(writer, request, plan);
  const last = events.at(-1) ?? '';
  return JSON.parse(last.slice(last.indexOf('data: ') + 'data: '.length)).response;
}

function wholeCompletion(request: RecordedRequest, plan: AnswerPlan): object {
  const { message, finishReason } = plan;
  request.sentUsage = planUsage(request, plan);
  return {
    ...answerHead(request, 'chat.completion', plan.identity),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
    usage: request.sentUsage,
  };
}

async function writeAtOnce(
  exchange: ServerExchange,
  writer: AnswerWriter,
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
  writer: AnswerWriter,
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

export function writeOpening(writer: AnswerWriter, plan: AnswerPlan): void {
  writer.role(plan.opening);
  for (const item of plan.sealed) writer.sealed(item);
  for (const item of plan.items) writer.item(item);
}

function writeEnding(writer: AnswerWriter, request: RecordedRequest, plan: AnswerPlan): void {
  writer.chunk({}, plan.finishReason);
  writer.usage(planUsage(request, plan));
  if (plan.sendDone) writer.done();
}

export function planUsage(request: RecordedRequest, plan: AnswerPlan): ChatUsage {
  return plausibleUsage(request.body, plan.deltas.length, plan.usage);
}
