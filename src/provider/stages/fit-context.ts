import type { Call, Handler, Stage } from '../call.ts';
import { type CountTokens, fitConversation } from '../context/fit-conversation.ts';
import { type InputRoom, inputRoom } from '../context/room.ts';
import { surelyFits } from '../context/upper-bound.ts';
import type { ProviderEvent } from '../events.ts';
import { endReason } from '../signal.ts';

export interface FitContextDeps {
  readonly tokens: CountTokens;
}

/**
 * Makes sure that the conversation fits the model's context window, as the request's context policy
 * says: refuses it with CONTEXT_TOO_LONG or leaves messages out. Most conversations are so short
 * that nothing has to be counted, and pass untouched; so does every one to a model whose window is
 * not known.
 */
export function fitContext({ tokens }: FitContextDeps): Stage {
  return (next) => (call) => {
    const { target, request, applied } = call;
    const asked = inputRoom(target.model, request.maxTokens);
    if (asked === undefined || surelyFits(target.model.id, request, asked.limit)) return next(call);
    // A profile's limit gives way to the conversation; a caller's does not.
    const room = applied.maxTokensAdded ? inputRoom(target.model, undefined) : asked;
    return afterCounting(next, call, room ?? asked, tokens);
  };
}

async function* afterCounting(
  next: Handler,
  call: Call,
  room: InputRoom,
  tokens: CountTokens,
): AsyncGenerator<ProviderEvent> {
  let fitting: Call;
  try {
    fitting = await fitConversation(call, room, tokens);
  } catch (thrown) {
    throw call.signal.aborted ? endReason(call.signal) : thrown;
  }
  yield* next(fitting);
}
