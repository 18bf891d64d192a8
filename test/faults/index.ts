import type { Fault } from '../support/fault.ts';
import { compressed } from './compressed.ts';
import { contentPolicy } from './content-policy.ts';
import { contextTooLong } from './context-too-long.ts';
import { cut } from './cut.ts';
import { cutOnce } from './cut-once.ts';
import { drip } from './drip.ts';
import { earlyEnd } from './early-end.ts';
import { errorDataAfterOutput } from './error-data-after-output.ts';
import { errorDataBeforeOutput } from './error-data-before-output.ts';
import { errorEventAfterOutput } from './error-event-after-output.ts';
import { errorEventBeforeOutput } from './error-event-before-output.ts';
import { errorWith200 } from './error-with-200.ts';
import { forbidden } from './forbidden.ts';
import { garbageBehindDone } from './garbage-after-done.ts';
import { hugeText } from './huge-event.ts';
import { jsonInsteadOfStream } from './json-instead-of-sse.ts';
import { keyRefused } from './key-refused.ts';
import { malformedJson } from './malformed-event.ts';
import { modelNotFound } from './model-not-found.ts';
import { noDoneAtEnd } from './no-done.ts';
import { overloaded } from './overloaded.ts';
import { quota } from './quota.ts';
import { rateLimit } from './rate-limit.ts';
import { rateLimitOnce } from './rate-limit-once.ts';
import { reset } from './reset.ts';
import { resetWithoutHeaders } from './reset-before-headers.ts';
import { forbidsRetry } from './retry-forbidden.ts';
import { serverError } from './server-error.ts';
import { serverErrorOnce } from './server-error-once.ts';
import { silence } from './silence.ts';
import { silenceAfterHeaders } from './silence-after-headers.ts';
import { stall } from './stall.ts';
import { stallOnce } from './stall-once.ts';
import { unsupportedParameter } from './unsupported-parameter.ts';

/** From refusals over broken streams to oddities that do no harm. */
export const FAULTS: readonly Fault[] = [
  rateLimit,
  rateLimitOnce,
  quota,
  keyRefused,
  forbidden,
  modelNotFound,
  contextTooLong,
  contentPolicy,
  unsupportedParameter,
  serverError,
  serverErrorOnce,
  overloaded,
  forbidsRetry,
  errorWith200,
  jsonInsteadOfStream,
  compressed,
  resetWithoutHeaders,
  silence,
  silenceAfterHeaders,
  stall,
  stallOnce,
  earlyEnd,
  cut,
  cutOnce,
  reset,
  malformedJson,
  errorDataBeforeOutput,
  errorEventBeforeOutput,
  errorDataAfterOutput,
  errorEventAfterOutput,
  noDoneAtEnd,
  garbageBehindDone,
  drip,
  hugeText,
];
