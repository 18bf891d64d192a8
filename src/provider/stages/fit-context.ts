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
    const { model } = call.target;
    const room = inputRoom(model, call.request.maxTokens);
    if (room === undefined || surelyFits(model.id, call.request, room.limit)) return next(call);
    return afterCounting(next, call, room, tokens);
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
