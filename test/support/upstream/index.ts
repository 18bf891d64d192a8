/** A scriptable stand-in for OpenAI's HTTP API, for tests, the demo and the bench. */
export { answer, answerText } from '../../../src/simulator/answers/answer.ts';
export {
  errorBodyWith200,
  headersThenSilence,
  jsonInsteadOfSse,
  resetBeforeHeaders,
  silent,
} from '../../../src/simulator/answers/answer-faults.ts';
export { httpError, sendJson } from '../../../src/simulator/answers/json.ts';
export {
  cancelledResponse,
  failedResponse,
  responsesErrorEvent,
} from '../../../src/simulator/answers/responses-faults.ts';
export type { Behaviour, ServerExchange } from '../../../src/simulator/answers/server-exchange.ts';
export {
  cutAfter,
  errorEvent,
  garbageAfterDone,
  hugeEvent,
  malformedEvent,
  noDone,
  resetAfter,
  stallAfter,
} from '../../../src/simulator/answers/stream-faults.ts';
export type {
  BatchRequestLine,
  LineOutcome,
} from '../../../src/simulator/batches/batch-results.ts';
export type { SimulatedBatches as StubBatches } from '../../../src/simulator/batches/batches.ts';
export type { BatchBehaviour, BatchFault } from '../../../src/simulator/batches/behaviour.ts';
export type {
  AnswerOptions,
  ScriptedToolCall as StubToolCall,
} from '../../../src/simulator/wire/answer-plan.ts';
export type { RecordedRequest } from '../../../src/simulator/wire/recorded-request.ts';
export type { UsageOverrides } from '../../../src/simulator/wire/usage.ts';
export type {
  ChatRequest,
  ChatUsage,
  Delta,
  ErrorFields,
  ListedModel as StubModel,
} from '../../../src/simulator/wire/wire.ts';
export { byModel } from './by-model.ts';
export { monotonicUs, STAMP_DIGITS, type StampedOptions, stamped } from './stamped.ts';
export { type StubUpstream, type StubUpstreamOptions, startStubUpstream } from './stub-upstream.ts';
export { drip, endless, firstTokenAfter } from './timing.ts';
