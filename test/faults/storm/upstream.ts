import {
  type StormUpstream as AnyUpstream,
  startStormUpstream,
} from '../../support/storm/upstream.ts';
import {
  answerText,
  type Behaviour,
  httpError,
  type ServerExchange,
} from '../../support/upstream/index.ts';
import { type AttemptPlan, contentOf } from './plan.ts';

/** One request as the upstream saw it. */
export interface Attempt {
  readonly plan: AttemptPlan;
  readonly content: string;
  /** All of the content, and that it is all, was sent. */
  whole: boolean;
}

export interface StormUpstream extends AnyUpstream {
  /** The requests of a call so far. */
  attemptsOf(call: number): readonly Attempt[];
  /** Forgets a call. From now on a request of it is late. */
  forget(call: number): void;
  /** Calls of which requests came after they were forgotten. */
  readonly late: readonly number[];
}

export interface UpstreamPlan {
  readonly calls: number;
  /** What the n-th request of a call meets, counted from 1. */
  readonly attempt: (call: number, n: number) => AttemptPlan;
}

/** Between two writes, in ms. */
const LONGEST_PAUSE_MS = 8;
const PAUSE_SHARE = 0.2;
const MOST_BYTES = 400;
const HAS_NO_LIMIT = {
  'x-ratelimit-limit-requests': '10000000',
  'x-ratelimit-remaining-requests': '9999999',
};

/** An upstream that does to each attempt what is planned for it. */
export async function startUpstream(options: UpstreamPlan): Promise<StormUpstream> {
  const attempts = new Map<number, Attempt[]>();
  const forgotten = new Uint8Array(options.calls);
  const late: number[] = [];
  const upstream = await startStormUpstream(async (exchange, question) => {
    const call = Number(question);
    if (forgotten[call] !== 0) late.push(call);
    const earlier = attempts.get(call) ?? [];
    const plan = options.attempt(call, earlier.length + 1);
    const attempt: Attempt = { plan, content: contentOf(plan), whole: false };
    attempts.set(call, [...earlier, attempt]);
    await behave(exchange, attempt);
  });
  return {
    ...upstream,
    attemptsOf: (call) => attempts.get(call) ?? [],
    forget(call) {
      attempts.delete(call);
      forgotten[call] = 1;
    },
    late,
  };
}

async function behave(exchange: ServerExchange, attempt: Attempt): Promise<void> {
  const refuse = REFUSALS[attempt.plan.kind];
  if (refuse !== undefined) await refuse(exchange);
  else await stream(exchange, attempt);
}

const REFUSALS: Readonly<Record<string, Behaviour>> = {
  '429': httpError(429, { code: 'rate_limit_exceeded', headers: HAS_NO_LIMIT }),
  '500': httpError(500),
  '503': httpError(503),
  'reset before headers': (exchange) => exchange.reset(),
  silence: () => {},
};

async function stream(exchange: ServerExchange, attempt: Attempt): Promise<void> {
  const { kind, breaksAt, deltas, toolCalls, next } = attempt.plan;
  const hasTools = toolCalls.length > 0;
  const text = answerText(exchange.request, {
    deltas,
    ...(hasTools && { toolCalls }),
  });
  const bytes = Buffer.from(text);
  const end = kind === 'good' ? bytes.length : breakOf(kind, bytes, breaksAt);
  attempt.whole = bytes
    .subarray(0, end)
    .includes(`"finish_reason":"${hasTools ? 'tool_calls' : 'stop'}"`);
  exchange.headers(200, HAS_NO_LIMIT);
  for (let from = 0; from < end && !exchange.signal.aborted; ) {
    const to = Math.min(end, from + 1 + Math.floor(next() * MOST_BYTES));
    exchange.raw(bytes.subarray(from, to));
    from = to;
    if (next() < PAUSE_SHARE) await exchange.delay(next() * LONGEST_PAUSE_MS);
  }
  ENDINGS[kind]?.(exchange);
}

/** Where the bytes end: anywhere, or between two events if another follows. */
function breakOf(kind: string, bytes: Buffer, share: number): number {
  const at = Math.floor(share * bytes.length);
  if (kind !== 'error event') return at;
  const boundary = bytes.lastIndexOf('\n\n', at);
  return boundary < 0 ? 0 : boundary + 2;
}

/** None for a stall. */
const ENDINGS: Readonly<Record<string, (exchange: ServerExchange) => void>> = {
  good: (exchange) => exchange.end(),
  cut: (exchange) => exchange.cut(),
  reset: (exchange) => exchange.reset(),
  'early end': (exchange) => exchange.end(),
  'error event': (exchange) => {
    exchange.raw('data: {"error":{"message":"no","type":"server_error","code":null}}\n\n');
    exchange.end();
  },
  'malformed event': (exchange) => {
    exchange.raw('}{\n\ndata: [DONE]\n\n');
    exchange.end();
  },
};
