import type { Call } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { ContentPart, Message, MessageRequest } from '../../../src/core/message.ts';
import { validateCall } from '../../../src/request/validate/validate-call.ts';
import { Violations } from '../../../src/request/validate/violations.ts';
import { aCall } from '../../support/events.ts';

/** What the tests of validation share: requests with one thing wrong, and the fields refused. */

export const HELLO: Message = { role: 'user', content: 'Hello' };
export const ADD = { name: 'add' };
export const LONE_SURROGATE = 'a\ud800';

export function validate(request: Partial<MessageRequest>, fields: Partial<Call> = {}) {
  return refusalOf(aCall({ ...fields, request: { messages: [HELLO], ...request } }));
}

export function refusalOf(call: Call): ProviderError | undefined {
  const violations = new Violations(call.violations);
  validateCall(violations, call, call.model);
  try {
    violations.throwIfAny(call.model);
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
  return undefined;
}

export function fieldsOf(request: Partial<MessageRequest>, fields: Partial<Call> = {}) {
  return validate(request, fields)?.facts.fieldViolations?.map(({ field }) => field) ?? [];
}

/** The violations of a conversation, and of a message or part alone. */
export const inMessages = (...messages: Message[]) => fieldsOf({ messages });
export const inParts = (...content: ContentPart[]) => inMessages({ role: 'user', content });

export const turn = (...ids: string[]): Message => ({
  role: 'assistant',
  content: '',
  toolCalls: ids.map((id) => ({ id, name: 'add', arguments: '{}' })),
});
export const result = (toolCallId: string): Message => ({ role: 'tool', content: '3', toolCallId });
