import { httpError } from '../../../src/simulator/answers/json.ts';
import type { Behaviour, ServerExchange } from '../../../src/simulator/answers/server-exchange.ts';
import { plausibleUsage } from '../../../src/simulator/wire/usage.ts';
import { errorFields } from '../../../src/simulator/wire/wire.ts';
import type { Bill, BillLine } from './bill.ts';
import { pieceAt } from './known-text.ts';
import { Pacer } from './pacer.ts';

/** How an answer ends, or why there is none. */
export type ScriptEnd =
  | 'answered'
  /** Like it, but nobody is told the usage. */
  | 'unreported'
  | 'cut'
  | 'reset'
  | 'error_event'
  | 'stall'
  | 'refused_500'
  | 'refused_429'
  | 'reset_before_headers';

/** What becomes of one request. Times are in ms. */
export interface Script {
  /** Silence before the headers, and between them and the first token. */
  readonly headersAfterMs: number;
  readonly firstTokenAfterMs: number;
  /** Whole, at least 1: between two pieces. */
  readonly paceMs: number;
  /** Where in the known text the answer begins. */
  readonly offset: number;
  /** That are written; fewer if the request sets a lower limit. */
  readonly tokens: number;
  /** Further ones that are billed and not written, as far as the request's limit has room for them. */
  readonly hiddenTokens: number;
  /** Of the prompt, from 0 to 1. */
  readonly cachedShare: number;
  readonly end: ScriptEnd;
}

/** What gpt-4o and gpt-4o-mini write at most. */
export const LONGEST_ANSWER = 16_384;

/** Answers as `scriptOf` says, and keeps the bill. */
export function billedAnswer(bill: Bill, scriptOf: (line: BillLine) => Script): Behaviour {
  const pacers = new Map<number, Pacer>();
  return async (exchange) => {
    const line = bill.open(exchange.request);
    exchange.signal.addEventListener('abort', () => line.end('left'), { once: true });
    const script = scriptOf(line);
    await exchange.delay(script.headersAfterMs);
    if (refuse(exchange, line, script)) return;
    exchange.headers();
    await exchange.delay(script.firstTokenAfterMs);
    exchange.chunk({ role: 'assistant', content: '', refusal: null });
    const pacer = pacers.get(script.paceMs) ?? new Pacer(script.paceMs);
    pacers.set(script.paceMs, pacer);
    await writePieces(exchange, line, { script, pacer });
    if (!exchange.signal.aborted) finish(exchange, line, script);
  };
}

/** Whether there is no answer. */
function refuse(exchange: ServerExchange, line: BillLine, { end }: Script): boolean {
  switch (end) {
    case 'refused_500':
      line.end('refused');
      void httpError(500)(exchange);
      return true;
    case 'refused_429':
      line.end('refused');
      void httpError(429, {
        code: 'rate_limit_exceeded',
        headers: { 'retry-after-ms': '30' },
      })(exchange);
      return true;
    case 'reset_before_headers':
      line.end('refused');
      exchange.reset();
      return true;
    default:
      return false;
  }
}

/** One piece per period, so that an end follows the last of them by as much. */
function writePieces(
  exchange: ServerExchange,
  line: BillLine,
  { script, pacer }: { readonly script: Script; readonly pacer: Pacer },
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const most = Math.min(script.tokens, outputLimit(exchange));
  let at = script.offset;
  const leave = pacer.join(() => {
    const piece = pieceAt(at);
    if (exchange.signal.aborted || line.outputTokens + piece.tokens > most) {
      leave();
      resolve();
      return;
    }
    exchange.chunk({ content: piece.text });
    line.wrote(piece.tokens);
    at += 1;
  });
  return promise;
}

function outputLimit({ request: { body } }: ServerExchange): number {
  const limit = body.max_completion_tokens ?? body.max_tokens;
  return typeof limit === 'number' ? limit : LONGEST_ANSWER;
}

function finish(exchange: ServerExchange, line: BillLine, script: Script): void {
  switch (script.end) {
    case 'cut':
      exchange.cut();
      break;
    case 'reset':
      exchange.reset();
      break;
    case 'error_event':
      exchange.raw(`data: ${JSON.stringify({ error: errorFields(500) })}\n\n`);
      exchange.end();
      break;
    case 'stall':
      return;
    default:
      complete(exchange, line, script);
      return;
  }
  line.end(line.outputTokens > 0 ? 'broken' : 'refused');
}

function complete(exchange: ServerExchange, line: BillLine, script: Script): void {
  const limit = outputLimit(exchange);
  line.hiddenTokens = Math.min(script.hiddenTokens, limit - line.outputTokens);
  exchange.chunk({}, line.outputTokens === limit ? 'length' : 'stop');
  if (script.end === 'answered') {
    line.cachedTokens = Math.floor(line.inputTokens * script.cachedShare);
    line.reported = true;
    exchange.usage(
      plausibleUsage(exchange.request.body, 0, {
        prompt_tokens: line.inputTokens,
        completion_tokens: line.outputTokens,
        prompt_tokens_details: { cached_tokens: line.cachedTokens },
        completion_tokens_details: { reasoning_tokens: line.hiddenTokens },
      }),
    );
  }
  exchange.done();
  exchange.end();
  line.end('answered');
}
