import type { Message } from '../../core/message.ts';
import type { Model } from '../../core/model.ts';

/** Whether a message instructs the model, under whichever of the two names. */
export function isInstruction({ role }: Message): boolean {
  return role === 'system' || role === 'developer';
}

/** What the caller is told of instructions to a model that takes none: they are sent all the same. */
export function instructionWarnings(messages: readonly Message[], model: Model): readonly string[] {
  if (model.instructionRole !== 'user' || !messages.some(isInstruction)) return [];
  return [`${model.id} takes no system messages: they were sent as user messages.`];
}
