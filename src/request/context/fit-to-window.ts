import type { Call } from '../../core/call.ts';
import { endReason } from '../../core/signal.ts';
import { surelyFits } from '../tokens/upper-bound.ts';
import { type CountTokens, fitConversation } from './fit-conversation.ts';
import { type InputRoom, inputRoom } from './room.ts';

/**
 * The call, its conversation fitting the context window of its model as its context policy says.
 * Most conversations are so short that nothing has to be counted, and come back at once and as they
 * are; so does every one for a model whose window is not known, or that the upstream compacts itself.
 *
 * Rejects with CONTEXT_TOO_LONG if it does not fit, and with the signal's reason.
 */
export function fitToWindow(call: Call, tokens: CountTokens): Call | Promise<Call> {
  const { target, request } = call;
  // What the upstream compacts, only the upstream can count.
  if (request.contextPolicy === 'compact') return call;
  const asked = inputRoom(target.model, request.maxTokens);
  const room = roomOf(call);
  if (asked === undefined || room === undefined) return call;
  if (surelyFits(target.model.id, request, asked.limit)) return call;
  return counted(call, room, tokens);
}

/**
 * How many tokens the prompt of a prepared call may have; undefined: not known. A profile's limit of
 * the answer gives way to the conversation; a caller's does not.
 */
export function roomOf({ target, request, applied }: Call): InputRoom | undefined {
  return inputRoom(target.model, applied.maxTokensAdded ? undefined : request.maxTokens);
}

async function counted(call: Call, room: InputRoom, tokens: CountTokens): Promise<Call> {
  try {
    return await fitConversation(call, room, tokens);
  } catch (thrown) {
    throw call.signal.aborted ? endReason(call.signal) : thrown;
  }
}
