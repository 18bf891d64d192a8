/** A scriptable stand-in for OpenAI's HTTP API, for tests, the demo and the bench. */
export { answer, answerText } from './answer.ts';
export {
  errorBodyWith200,
  headersThenSilence,
  jsonInsteadOfSse,
  resetBeforeHeaders,
  silent,
} from './answer-faults.ts';
export type { AnswerOptions, StubToolCall } from './answer-plan.ts';
export type { BatchRequestLine, LineOutcome } from './batch-results.ts';
export type { BatchBehaviour, BatchFault, StubBatches } from './batches.ts';
export { byModel } from './by-model.ts';
export type { Behaviour, Exchange } from './exchange.ts';
export { httpError, sendJson } from './json.ts';
export type { RecordedRequest } from './recorded-request.ts';
export { cancelledResponse, failedResponse, responsesErrorEvent } from './responses-faults.ts';
export { monotonicUs, STAMP_DIGITS, type StampedOptions, stamped } from './stamped.ts';
export {
  cutAfter,
  errorEvent,
  garbageAfterDone,
  hugeEvent,
  malformedEvent,
  noDone,
  resetAfter,
  stallAfter,
} from './stream-faults.ts';
export { type StubUpstream, type StubUpstreamOptions, startStubUpstream } from './stub-upstream.ts';
export { drip, endless, firstTokenAfter } from './timing.ts';
export type { UsageOverrides } from './usage.ts';
export type { ChatRequest, ChatUsage, Delta, ErrorFields, StubModel } from './wire.ts';
