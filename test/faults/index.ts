import type { Fault } from '../support/fault.ts';
import { compressed } from './compressed.ts';
import { contentPolicy } from './content-policy.ts';
import { contextTooLong } from './context-too-long.ts';
import { cut } from './cut.ts';
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
import { reset } from './reset.ts';
import { resetWithoutHeaders } from './reset-before-headers.ts';
import { serverError } from './server-error.ts';
import { silence } from './silence.ts';
import { silenceAfterHeaders } from './silence-after-headers.ts';
import { stall } from './stall.ts';
import { unsupportedParameter } from './unsupported-parameter.ts';

/** From refusals over broken streams to oddities that do no harm. */
export const FAULTS: readonly Fault[] = [
  rateLimit,
  quota,
  keyRefused,
  forbidden,
  modelNotFound,
  contextTooLong,
  contentPolicy,
  unsupportedParameter,
  serverError,
  overloaded,
  errorWith200,
  jsonInsteadOfStream,
  compressed,
  resetWithoutHeaders,
  silence,
  silenceAfterHeaders,
  stall,
  earlyEnd,
  cut,
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
