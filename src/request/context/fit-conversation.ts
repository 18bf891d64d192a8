import type { Call } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { TokenCount, TokenCounter } from '../tokens/token-counter.ts';
import { dropOrder } from './drop-order.ts';
import type { InputRoom } from './room.ts';
import { droppableUnits, type Unit } from './units.ts';

export type CountTokens = Pick<TokenCounter, 'countEach'>;

/** A conversation, counted. */
interface Sizes {
  /** Tokens of what must stay, tools and the rest of the request included. */
  readonly kept: number;
  /** What may go, in the order in which it goes. */
  readonly droppable: readonly { readonly unit: Unit; readonly tokens: number }[];
  readonly total: number;
  readonly estimated: boolean;
}

/**
 * Counts the call's conversation and, where its policy allows that, leaves out the first units of the policy's order: as
 * few as make it fit or, of the oldest, as make it fit for some turns more. A call that fits is returned as it is.
 *
 * An estimate may be wrong by more than the room that is left for the answer, so it does not refuse
 * what the model's window could hold: the upstream knows better.
 *
 * @throws ProviderError CONTEXT_TOO_LONG if what must stay does not fit.
 */
export async function fitConversation(
  call: Call,
  room: InputRoom,
  tokens: CountTokens,
): Promise<Call> {
  const sizes = await measure(call, tokens);
  const limit = sizes.estimated && sizes.kept > room.limit ? room.capacity : room.limit;
  if (sizes.kept > limit) throw tooLong(call, sizes, room);
  if (sizes.total <= limit) return withinWindow(call, sizes.total);
  const truncated = truncate(call, sizes, limit);
  return withinWindow(truncated, truncated.truncation?.inputTokensAfter ?? sizes.total);
}

/** Lowers the limit of the answer that a profile set to what the prompt leaves of the window. */
function withinWindow(call: Call, inputTokens: number): Call {
  const { applied, request, target } = call;
  const left = (target.model.contextWindow ?? Number.POSITIVE_INFINITY) - inputTokens;
  if (!applied.maxTokensAdded || (request.maxTokens ?? 0) <= left || left < 1) return call;
  return { ...call, request: { ...request, maxTokens: left } };
}

/**
 * Counts what must stay and each unit that may go on its own: the counts of messages add up, so no
 * combination has to be counted.
 */
async function measure(call: Call, tokens: CountTokens): Promise<Sizes> {
  const { request, signal, target } = call;
  const units = dropOrder(request.contextPolicy, droppableUnits(request.messages));
  const parts = [without(request, units), { messages: [] }, ...units];
  const counts = await tokens.countEach(call.model, target.model, parts, signal);
  const [kept, empty, ...each] = counts as [TokenCount, TokenCount, ...TokenCount[]];
  const droppable = units.map((unit, at) => ({
    unit,
    tokens: (each[at] as TokenCount).inputTokens - empty.inputTokens,
  }));
  return {
    kept: kept.inputTokens,
    droppable,
    total: droppable.reduce((sum, { tokens }) => sum + tokens, kept.inputTokens),
    estimated: kept.estimated || each.some(({ estimated }) => estimated),
  };
}

function truncate(call: Call, sizes: Sizes, limit: number): Call {
  const dropped: Unit[] = [];
  let inputTokensAfter = sizes.total;
  const most = mostThatRemain(call, sizes, limit);
  for (const { unit, tokens } of sizes.droppable) {
    if (inputTokensAfter <= most) break;
    inputTokensAfter -= tokens;
    dropped.push(unit);
  }
  // The profile's system prompt stands first, and the caller does not know of it.
  const added = call.applied.systemPromptAdded ? 1 : 0;
  const positions = dropped.flatMap((unit) => unit.positions.map((position) => position - added));
  const messages = call.request.messages.length - added;
  return {
    ...call,
    request: without(call.request, dropped),
    truncation: {
      droppedMessages: positions.sort((a, b) => a - b),
      inputTokensBefore: sizes.total,
      inputTokensAfter,
    },
    warnings: [
      ...call.warnings,
      `Messages left out to fit the model's context window: ${positions.length} of ${messages}.`,
    ],
  };
}

/** Oldest messages go in steps of this share of the limit. */
const STEP = 1 / 8;

/**
 * As many tokens as may remain. What goes of the oldest grows in steps as the conversation does: between two of them the
 * prompt begins as before, which the upstream has cached. The middle is another one with every turn.
 */
function mostThatRemain({ request }: Call, { total, kept }: Sizes, limit: number): number {
  const step = Math.floor(limit * STEP);
  if (request.contextPolicy !== 'truncate_oldest' || step === 0) return limit;
  const most = total - Math.ceil((total - limit) / step) * step;
  return most < kept ? limit : most;
}

function without(request: MessageRequest, units: readonly Unit[]): MessageRequest {
  const dropped = new Set(units.flatMap(({ positions }) => positions));
  return { ...request, messages: request.messages.filter((_, index) => !dropped.has(index)) };
}

function tooLong(call: Call, { kept, droppable, estimated }: Sizes, room: InputRoom) {
  const what =
    droppable.length === 0
      ? 'The conversation has'
      : 'Without all that may be left out, the conversation has';
  const count = `${estimated ? 'about ' : ''}${kept} tokens`;
  return new ProviderError('CONTEXT_TOO_LONG', {
    message: `${what} ${count}; the model takes at most ${room.limit} with room for the answer.`,
    countedTokens: kept,
    tokenLimit: room.limit,
    model: call.model,
  });
}
