import { createHash, type Hash } from 'node:crypto';
import type { Message, MessageRequest } from '../../core/message.ts';
import type { Model } from '../../core/model.ts';
import { isInstruction } from '../fit/instructions.ts';

/**
 * The request with a prompt cache key of its conversation, unless the caller gave one or the model's
 * prompts are not cached. All turns of a conversation have the same: it is a hash of what they begin
 * with, the tools and the messages up to the first that instructs nobody.
 */
export function withPromptCacheKey(request: MessageRequest, model: Model): MessageRequest {
  if (request.promptCacheKey || model.supports.promptCaching !== true) return request;
  return { ...request, promptCacheKey: conversationKey(request) };
}

/** The same for all turns of a conversation. */
export function conversationKey({
  messages,
  tools = [],
  hostedTools = [],
}: MessageRequest): string {
  const hash = createHash('sha256').update(JSON.stringify([tools, hostedTools]));
  for (const message of messages) {
    addMessage(hash, message);
    if (!isInstruction(message)) break;
  }
  return hash.digest('base64url');
}

function addMessage(hash: Hash, { role, content }: Message): void {
  hash.update(`\0${role}\0`);
  if (typeof content === 'string') {
    hash.update(content);
    return;
  }
  for (const part of content) {
    if (part.type === 'text') hash.update(`\0${part.text}`);
    else hash.update(`\0${part.uri ?? ''}`).update(part.data ?? '');
  }
}
