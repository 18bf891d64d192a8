import type { Message } from '../../core/message.ts';
import { isInstruction } from '../fit/instructions.ts';

/** Messages that stay or go together. */
export interface Unit {
  /** Positions of `messages` in the conversation, ascending. */
  readonly positions: readonly number[];
  readonly messages: readonly Message[];
}

/**
 * What may be left out of a conversation, oldest first. Instructions may not (system and developer
 * messages), nor the last user message, nor the unit of the last message: what the model is to answer.
 * Earlier tool calls after the last user message may: an agent at work asks once and calls often.
 */
export function droppableUnits(messages: readonly Message[]): Unit[] {
  const kept = new Set([
    messages.findLastIndex(({ role }) => role === 'user'),
    messages.findLastIndex((message) => !isInstruction(message)),
  ]);
  return unitsOf(messages).filter(
    (unit) =>
      !unit.positions.some((position) => kept.has(position)) && !unit.messages.some(isInstruction),
  );
}

/**
 * A message with tool calls and all their results are one unit, every other message is one alone. An
 * id may be used anew once it is answered, so a result belongs to the latest call of its id.
 */
function unitsOf(messages: readonly Message[]): Unit[] {
  const units: { positions: number[]; messages: Message[] }[] = [];
  const ofCall = new Map<string, (typeof units)[number]>();
  messages.forEach((message, position) => {
    const asked = message.role === 'tool' ? ofCall.get(message.toolCallId ?? '') : undefined;
    if (asked !== undefined) {
      asked.positions.push(position);
      asked.messages.push(message);
      return;
    }
    const unit = { positions: [position], messages: [message] };
    units.push(unit);
    for (const { id } of message.toolCalls ?? []) ofCall.set(id, unit);
  });
  return units;
}
