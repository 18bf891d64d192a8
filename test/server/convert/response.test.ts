import { expect, it } from '@jest/globals';
import type { MessageResponse as Answer } from '../../../src/core/events.ts';
import { MessageResponse } from '../../../src/gen/tamma/provider/v1/event.ts';
import { toWireResponse } from '../../../src/server/convert/response.ts';
import { SETTINGS } from '../../support/events.ts';
import { response, wireCompleted, wireSettings, wireTruncation } from './answer.ts';

/** The answer as a client of the generated code reads it. */
function received(answer: Answer) {
  return MessageResponse.decode(MessageResponse.encode(toWireResponse(answer)).finish());
}

it('carries a whole answer', () => {
  expect(received(response)).toEqual({
    ...wireCompleted,
    id: 'resp_1',
    content: 'text',
    commentary: 'on the way',
    annotations: [
      {
        ...{ url: 'https://x/y', title: 'Y', start: 2, end: 2 ** 31 - 1, type: 'url_citation' },
        ...{ fileId: '', containerId: '' },
      },
    ],
    hostedTools: [
      {
        id: 'ws_1',
        type: 'web_search',
        status: 'completed',
        detail: '{}',
        data: Buffer.alloc(0),
        mediaType: '',
      },
    ],
    refusal: 'no',
    reasoning: 'because',
    upstreamRequestId: 'req_2',
    effectiveSettings: wireSettings,
    warnings: ['careful'],
    truncation: wireTruncation,
    metadata: { user_id: 'u' },
  });
});

it('tells a setting of 0 from one left to the upstream', () => {
  const effectiveSettings = { ...SETTINGS, temperature: 0 };
  expect(received({ ...response, effectiveSettings }).effectiveSettings).toEqual({
    model: 'gpt-test',
    maxTokens: undefined,
    temperature: 0,
    topP: undefined,
    frequencyPenalty: undefined,
    presencePenalty: undefined,
    reasoningEffort: '',
    reasoningSummary: '',
    serviceTier: '',
    verbosity: '',
    profile: '',
    taskType: 0,
    api: 'chat_completions',
    systemPromptAdded: false,
  });
});

it('tells a conversation that was left whole from one of which only counts are known', () => {
  const { truncation: _truncation, ...whole } = response;
  const counted = { droppedMessages: [], inputTokensBefore: 0, inputTokensAfter: 0 };
  expect(received(whole).truncation).toBeUndefined();
  expect(received({ ...whole, truncation: counted }).truncation).toEqual(counted);
});

it('gives no reasoning items where the model sealed none', () => {
  expect(received({ ...response, reasoningItems: [] }).reasoningItems).toEqual([]);
});
