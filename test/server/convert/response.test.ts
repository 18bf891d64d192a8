import { expect, it } from '@jest/globals';
import { MessageResponse } from '../../../src/gen/tamma/provider/v1/event.ts';
import { toWireResponse } from '../../../src/server/convert/response.ts';
import { response, wireCompleted } from './answer.ts';

it('carries a whole answer', () => {
  const received = MessageResponse.decode(
    MessageResponse.encode(toWireResponse(response)).finish(),
  );
  expect(received).toEqual({
    ...wireCompleted,
    id: 'resp_1',
    content: 'text',
    refusal: 'no',
    reasoning: 'because',
    upstreamRequestId: 'req_2',
    effectiveSettings: {
      model: 'gpt-5',
      maxTokens: 2 ** 31 - 1,
      temperature: 0,
      topP: 0.5,
      reasoningEffort: '',
      serviceTier: '',
      verbosity: '',
    },
    warnings: ['careful'],
    metadata: { user_id: 'u' },
  });
});

it('tells a setting of 0 from one left to the upstream', () => {
  const effectiveSettings = { model: 'gpt-5', temperature: 0 };
  const sent = toWireResponse({ ...response, effectiveSettings });
  const received = MessageResponse.decode(MessageResponse.encode(sent).finish());
  expect(received.effectiveSettings).toMatchObject({ maxTokens: undefined, temperature: 0 });
});
