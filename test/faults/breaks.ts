import { type ExpectedError, type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import {
  cutAfter,
  errorEvent,
  headersThenSilence,
  malformedEvent,
  resetAfter,
  resetBeforeHeaders,
  silent,
  stallAfter,
} from '../support/upstream/index.ts';
import { once } from './once.ts';

/** Of an answer that breaks off after two chunks. */
const text = 'word1 word2 ';

const NETWORK: ExpectedError = { code: 'UNAVAILABLE', reason: 'NETWORK_ERROR' };
const UNUSABLE: ExpectedError = { code: 'UNAVAILABLE', reason: 'SERVICE_UNAVAILABLE' };
const UNUSABLE_200: ExpectedError = { ...UNUSABLE, info: { upstream_status: '200' } };

const OVERLOADED = { message: UPSTREAM_TEXT, code: 'server_is_overloaded' };
const IS_OVERLOADED: ExpectedError = {
  ...UNUSABLE,
  info: { upstream_status: '200', upstream_code: OVERLOADED.code },
};
const LIMITED = { message: UPSTREAM_TEXT, code: 'rate_limit_exceeded' };
const IS_LIMITED: ExpectedError = {
  code: 'RESOURCE_EXHAUSTED',
  reason: 'RATE_LIMIT_EXCEEDED',
  info: { upstream_status: '200', upstream_code: LIMITED.code },
};

/** The socket stays open, and nothing more comes. */
const stall: Fault = {
  what: 'falls silent in the middle of its answer',
  upstream: stallAfter(2),
  config: 'timeouts: { idle: 2s }',
  text,
  ...timesOut('idle', { upstream_status: '200' }),
};

/** The connection closes without the end of the body. */
const cut: Fault = {
  what: 'closes the connection in the middle of its answer',
  upstream: cutAfter(2, { abrupt: true }),
  text,
  error: NETWORK,
};

const ROWS: readonly Fault[] = [
  {
    // Good HTTP, and JSON that is neither an answer nor an error.
    what: 'answers with JSON of another kind',
    retried: 'once',
    upstream: (exchange) => {
      exchange.headers(200, { 'content-type': 'application/json' });
      exchange.raw('{"status":"ok"}');
      exchange.end();
    },
    error: UNUSABLE_200,
  },
  {
    // Nobody asked for it, and nobody can read it.
    what: 'compresses its answer in a way that is not known',
    retried: 'once',
    upstream: (exchange) => {
      exchange.headers(200, { 'content-type': 'text/event-stream', 'content-encoding': 'lz77' });
      exchange.raw('data: [DONE]\n\n');
      exchange.end();
    },
    error: UNUSABLE_200,
  },
  {
    // The connection goes away under the request.
    what: 'resets the connection before its headers',
    upstream: resetBeforeHeaders(),
    error: { ...NETWORK, beforeHeaders: true, details: { 'google.rpc.RetryInfo': {} } },
  },
  {
    // A request that is taken and never answered.
    what: 'never answers',
    upstream: silent(),
    config: 'timeouts: { headers: 2s }',
    ...timesOut('headers'),
  },
  {
    // Headers come at once, the first token does not.
    what: 'sends nothing after its headers',
    upstream: headersThenSilence(),
    config: 'timeouts: { firstToken: 2s }',
    ...timesOut('first_token', { upstream_status: '200' }),
  },
  stall,
  // The time-out ends the attempt, and not the call.
  once(stall, 'falls silent once in the middle of its answer'),
  {
    // Good HTTP, but an answer without a finish reason and [DONE].
    what: 'ends its answer in the middle',
    upstream: cutAfter(2),
    text,
    error: NETWORK,
  },
  cut,
  // Who recovers has the second answer, and nothing of the first.
  once(cut, 'closes the connection once in the middle of its answer'),
  {
    // A reset may overtake what was written before it.
    what: 'resets the connection in the middle of its answer',
    upstream: resetAfter(2),
    text: /^(word1 )?(word2 )?$/,
    error: NETWORK,
  },
  {
    // Truncated JSON, and a good end behind it.
    what: 'sends an event that is no JSON',
    retried: 'once',
    upstream: malformedEvent(2),
    text,
    error: UNUSABLE,
  },
  // The stream has begun, the answer has not; the error comes as data, like OpenAI, or as an event.
  {
    what: 'sends an error as data before any output',
    upstream: errorEvent(0, OVERLOADED),
    error: IS_OVERLOADED,
  },
  {
    what: 'sends an error event before any output',
    upstream: errorEvent(0, OVERLOADED, 'event'),
    error: IS_OVERLOADED,
  },
  // The answer breaks off.
  {
    what: 'sends an error as data after output',
    upstream: errorEvent(2, LIMITED),
    text,
    error: IS_LIMITED,
  },
  {
    what: 'sends an error event after output',
    upstream: errorEvent(2, OVERLOADED, 'event'),
    text,
    error: IS_OVERLOADED,
  },
];

/** What begins well, or as HTTP at least, and is no answer. All of it is worth another try. */
export const BREAKS: readonly Fault[] = ROWS.map((row) => ({ retried: true, ...row }));

type Phase = 'headers' | 'first_token' | 'idle';

/** How the sidecar gives up an upstream that says nothing. */
function timesOut(
  phase: Phase,
  info: Readonly<Record<string, string>> = {},
): Pick<Fault, 'inRealTime' | 'closedBy' | 'error' | 'retried'> {
  return {
    inRealTime: true,
    // The same silent target is not asked a third time.
    retried: 'once',
    closedBy: 'client',
    error: {
      code: 'UNAVAILABLE',
      reason: 'TIMEOUT',
      ...(phase === 'headers' && { beforeHeaders: true }),
      info: { timeout_phase: phase, ...info },
      details: {
        'tamma.provider.v1.FailureInfo': { timeoutPhase: `TIMEOUT_PHASE_${phase.toUpperCase()}` },
      },
    },
  };
}
