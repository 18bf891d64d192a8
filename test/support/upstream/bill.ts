import { epochMs, type RecordedRequest } from '../../../src/simulator/wire/recorded-request.ts';
import type { ChatRequest } from '../../../src/simulator/wire/wire.ts';
import { countTokens } from './known-text.ts';

/**
 * How the upstream sees a request end:
 * - `answered`: the whole answer was written, its usage (if wanted) included.
 * - `broken`: it ended by itself after output was written. Billed all the same.
 * - `refused`: it ended by itself before. Not billed.
 * - `left`: the client went away.
 */
type Ending = 'answered' | 'broken' | 'refused' | 'left';

/** What a token costs, in pico-dollars (10^-12 USD): a dollar per million tokens is 10^6 of them. */
interface TokenPrices {
  readonly input: bigint;
  readonly cachedInput: bigint;
  readonly output: bigint;
}

/** As OpenAI published them: https://developers.openai.com/api/docs/pricing. */
const PRICES: Readonly<Record<string, TokenPrices>> = {
  'gpt-4o': { input: 2_500_000n, cachedInput: 1_250_000n, output: 10_000_000n },
  'gpt-4o-mini': { input: 150_000n, cachedInput: 75_000n, output: 600_000n },
};

/** Pico-dollars. */
export function priceOf(
  model: string,
  tokens: { readonly input: number; readonly cached?: number; readonly output: number },
): bigint {
  const prices = PRICES[model];
  if (prices === undefined) throw new Error(`the bill has no price of ${model}`);
  const { input, cached = 0, output } = tokens;
  return (
    BigInt(input - cached) * prices.input +
    BigInt(cached) * prices.cachedInput +
    BigInt(output) * prices.output
  );
}

/** One request, and what the upstream bills for it by its own count. */
export class BillLine {
  /** As the request's `traceparent` names it. */
  readonly traceId: string;
  /** Content of the last message. */
  readonly question: string;
  readonly model: string;
  /** Epoch ms. */
  readonly openedAt: number;
  readonly inputTokens: number;
  /** Part of `inputTokens`. */
  cachedTokens = 0;
  /** Output tokens that were not written. */
  hiddenTokens = 0;
  /** Usage was reported. */
  reported = false;
  /** Undefined: it runs. */
  ending: Ending | undefined;
  /** Epoch ms. */
  endedAt = Number.POSITIVE_INFINITY;
  /** When each output token was written, in epoch ms. */
  readonly #writtenAt: number[] = [];

  constructor({ body, headers }: RecordedRequest) {
    const { traceparent } = headers;
    this.traceId = typeof traceparent === 'string' ? (traceparent.split('-')[1] ?? '') : '';
    this.question = String(body.messages?.at(-1)?.content);
    this.model = body.model ?? '';
    this.openedAt = epochMs();
    this.inputTokens = promptTokens(body);
  }

  get outputTokens(): number {
    return this.#writtenAt.length + this.hiddenTokens;
  }

  /** Pico-dollars. */
  get cost(): bigint {
    if (this.ending === 'refused') return 0n;
    const { inputTokens: input, cachedTokens: cached, outputTokens: output } = this;
    return priceOf(this.model, { input, cached, output });
  }

  /** Output tokens that were written before a time in epoch ms. */
  writtenBefore(time: number): number {
    const after = this.#writtenAt.findIndex((at) => at >= time);
    return after < 0 ? this.#writtenAt.length : after;
  }

  wrote(tokens: number): void {
    const now = epochMs();
    for (let token = 0; token < tokens; token += 1) this.#writtenAt.push(now);
  }

  end(ending: Ending): void {
    this.ending ??= ending;
    this.endedAt = Math.min(this.endedAt, epochMs());
  }
}

/** What an upstream counted and produced, request by request, in order of their arrival. */
export class Bill {
  readonly lines: BillLine[] = [];
  readonly #byTrace = new Map<string, BillLine[]>();

  open(request: RecordedRequest): BillLine {
    const line = new BillLine(request);
    this.lines.push(line);
    this.#byTrace.set(line.traceId, [...this.ofTrace(line.traceId), line]);
    return line;
  }

  /** The attempts of one call, in order. */
  ofTrace(traceId: string): readonly BillLine[] {
    return this.#byTrace.get(traceId) ?? [];
  }

  /** Requests that have not ended. */
  get running(): number {
    return this.lines.filter(({ ending }) => ending === undefined).length;
  }

  /** Pico-dollars, of what was produced so far. */
  get total(): bigint {
    return this.lines.reduce((sum, { cost }) => sum + cost, 0n);
  }
}

/** https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken */
function promptTokens({ messages = [] }: ChatRequest): number {
  return messages.reduce((sum, message) => sum + 3 + messageTokens(message), 3);
}

/** Tokens of a prompt of one user message. */
export function questionTokens(question: string): number {
  return promptTokens({ messages: [{ role: 'user', content: question }] });
}

function messageTokens({ role = '', content }: { role?: string; content?: unknown }): number {
  if (typeof content !== 'string') throw new Error('the bill counts text alone');
  return countTokens(role) + countTokens(content);
}
