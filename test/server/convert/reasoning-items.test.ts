import { describe, expect, it } from '@jest/globals';
import type { ReasoningItem } from '../../../src/core/message.ts';
import { Completed } from '../../../src/gen/tamma/provider/v1/event.ts';
import { Message, Role } from '../../../src/gen/tamma/provider/v1/message.ts';
import { fromWireMessage } from '../../../src/server/convert/message.ts';
import { toWireOutcome } from '../../../src/server/convert/response.ts';
import { WireViolations } from '../../../src/server/convert/violations.ts';
import { completed } from './answer.ts';

/** The items as a client of the generated code reads them in `completed`. */
function received(reasoningItems: readonly ReasoningItem[]) {
  const sent = toWireOutcome({ ...completed, reasoningItems });
  return Completed.decode(Completed.encode(sent).finish()).reasoningItems;
}

/** A turn as it arrives when such a client sends it. */
function arrived(fields: Partial<Message>, violations = new WireViolations()) {
  const sent: Message = { ...Message.decode(new Uint8Array()), role: Role.ASSISTANT, ...fields };
  const message = Message.decode(Message.encode(sent).finish());
  return fromWireMessage(message, 'request.messages[0]', violations);
}

const ITEMS: readonly ReasoningItem[] = [
  { id: 'rs_2', encryptedContent: 'gAAAAB+/_-==', summary: ['first', '', 'first'] },
  { id: 'rs_1', encryptedContent: ' sealed\n', summary: [] },
  { id: '', encryptedContent: '', summary: [] },
];

describe('reasoning items', () => {
  it('come back as they were given, in their order', () => {
    const turn = arrived({ reasoningItems: received(ITEMS) });
    expect(turn).toStrictEqual({ role: 'assistant', content: '', reasoningItems: ITEMS });
  });

  it('are an empty list in an answer without any', () => {
    expect(received([])).toEqual([]);
  });

  it('are absent from a turn without any', () => {
    expect(arrived({ content: 'hi' })).toStrictEqual({ role: 'assistant', content: 'hi' });
  });

  it('are not judged here, in whichever turn they stand', () => {
    const violations = new WireViolations();
    const turn = arrived({ role: Role.USER, reasoningItems: received(ITEMS) }, violations);
    expect(violations.found).toEqual([]);
    expect(turn.reasoningItems).toStrictEqual(ITEMS);
  });
});
