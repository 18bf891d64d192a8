import { describe, expect, it } from '@jest/globals';
import type { Call, Handler } from '../../../src/provider/call.ts';
import type { MessageRequest } from '../../../src/provider/message.ts';
import { prepare } from '../../../src/provider/stages/prepare.ts';
import { aCall, completed, drain, replay } from '../../support/events.ts';

function run(request: Partial<MessageRequest>) {
  const calls: Call[] = [];
  const next: Handler = (call) => {
    calls.push(call);
    return replay(completed())(call);
  };
  const call = aCall({
    model: request.model ?? '',
    request: { messages: [{ role: 'user', content: 'Hi' }], ...request },
  });
  const events = prepare({ defaultModel: 'gpt-default' })(next)(call);
  return { call, calls, events };
}

describe('prepare', () => {
  it.each([
    [{}, 'gpt-default'],
    [{ model: '' }, 'gpt-default'],
    [{ model: 'gpt-own' }, 'gpt-own'],
  ])('resolves the model of %j to %s', async (request, model) => {
    const { call, calls, events } = run(request);
    expect(await drain(events)).toEqual({ events: [completed()] });
    expect(calls).toEqual([{ ...call, model }]);
    expect(call.record.model).toBe(model);
  });

  it('refuses without asking anybody, once it is read', async () => {
    const { call, calls, events } = run({ messages: [], temperature: 3 });
    expect(await drain(events)).toMatchObject({
      events: [],
      error: {
        reason: 'INVALID_REQUEST',
        facts: {
          model: 'gpt-default',
          fieldViolations: [{ field: 'request.messages' }, { field: 'request.temperature' }],
        },
      },
    });
    expect(calls).toEqual([]);
    expect(call.record.model).toBe('gpt-default');
  });

  it('keeps a malformed model name out of the record', async () => {
    const { call, events } = run({ model: 'a\nb' });
    expect(await drain(events)).toMatchObject({
      error: { facts: { fieldViolations: [{ field: 'request.model' }] } },
    });
    expect(call.record.model).toBe('');
  });
});
