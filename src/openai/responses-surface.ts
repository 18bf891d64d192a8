import type { ApiSurface } from './api-surface.ts';
import { toResponsesRequest } from './responses-request.ts';
import { ResponsesStream } from './responses-stream.ts';

/** The Responses API: OpenAI's own, and the only one of some of its models. */
export const responsesSurface: ApiSurface = {
  path: '/responses',
  toRequest: toResponsesRequest,
  newStream: (call, emit) => new ResponsesStream(call, emit),
};
