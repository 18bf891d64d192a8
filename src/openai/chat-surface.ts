import type { ApiSurface } from './api-surface.ts';
import { ChatStream } from './chat-stream.ts';
import { toChatCompletionRequest } from './convert-request.ts';

/** Chat Completions: spoken by every compatible server. */
export const chatSurface: ApiSurface = {
  path: '/chat/completions',
  toRequest: toChatCompletionRequest,
  newStream: (call, emit) => new ChatStream(call, emit),
};
