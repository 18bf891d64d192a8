import { ChatWriter } from './chat-writer.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { isResponsesRequest } from './responses-wire.ts';
import { ResponsesWriter } from './responses-writer.ts';
import type { AnswerIdentity, ChatUsage, Delta, SealedReasoning } from './wire.ts';

/** Formats the events of one streamed answer, told in the terms of Chat Completions. */
export interface AnswerWriter {
  chunk(delta: Delta, finishReason?: string): void;
  /** What opens an answer, before any of its text. */
  role(content: '' | null): void;
  /** Reasoning to be handed back; nothing where the API has no place for it. */
  sealed(item: SealedReasoning): void;
  /** An item of Responses, as it is; nothing over another API. */
  item(item: object): void;
  /** Default: plausible figures. */
  usage(usage?: ChatUsage): void;
  done(): void;
}

/** Speaks the API that the request was made over. */
export function newWriter(
  request: RecordedRequest,
  emit: (event: string) => void,
  identity: AnswerIdentity = {},
): AnswerWriter {
  return isResponsesRequest(request)
    ? new ResponsesWriter(request, emit, identity)
    : new ChatWriter(request, emit, identity);
}
