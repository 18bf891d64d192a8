import { describe, expect, it } from '@jest/globals';
import type { ProviderEvent, Started } from '../../../src/core/events.ts';
import { SendMessageResponse } from '../../../src/gen/tamma/provider/v1/provider.ts';
import { toWireEvent } from '../../../src/server/convert/event.ts';
import {
  completed,
  settings,
  truncation,
  wireCompleted,
  wireSettings,
  wireTruncation,
} from './answer.ts';

/** The event as a client of the generated code reads it. */
function received(event: ProviderEvent) {
  const bytes = SendMessageResponse.encode(toWireEvent(event, 7)).finish();
  return SendMessageResponse.decode(bytes);
}

const started: Started = {
  type: 'started',
  responseId: 'resp',
  model: 'gpt-5-2025-08-07',
  upstreamRequestId: 'req',
  attempt: 1,
  effectiveSettings: settings,
  warnings: ['careful'],
  target: 'azure',
};

const wireStarted = {
  responseId: 'resp',
  model: 'gpt-5-2025-08-07',
  upstreamRequestId: 'req',
  attempt: 1,
  effectiveSettings: wireSettings,
  warnings: ['careful'],
  target: 'azure',
  storedUpstream: false,
};

const CASES: [ProviderEvent, string, object][] = [
  [
    { type: 'textDelta', text: 'hi', outputTokensSoFar: 2 ** 32 },
    'textDelta',
    { text: 'hi', outputTokensSoFar: 2 ** 31 - 1, phase: '' },
  ],
  [
    { type: 'textDelta', text: 'hi', outputTokensSoFar: 1, phase: 'commentary' },
    'textDelta',
    { text: 'hi', outputTokensSoFar: 1, phase: 'commentary' },
  ],
  [{ type: 'reasoningDelta', text: 'hm' }, 'reasoningDelta', { text: 'hm' }],
  [{ type: 'refusalDelta', text: 'no' }, 'refusalDelta', { text: 'no' }],
  [
    { type: 'toolCallDelta', index: 1, id: 'c', name: 'f', argumentsFragment: '{' },
    'toolCallDelta',
    { index: 1, id: 'c', name: 'f', argumentsFragment: '{', kind: 1 },
  ],
  [
    { type: 'toolCallDelta', index: 1, id: '', name: '', argumentsFragment: '}' },
    'toolCallDelta',
    { index: 1, id: '', name: '', argumentsFragment: '}', kind: 0 },
  ],
  [
    { type: 'toolCallDelta', index: 0, id: 'c', name: 'p', argumentsFragment: '', kind: 'shell' },
    'toolCallDelta',
    { index: 0, id: 'c', name: 'p', argumentsFragment: '', kind: 4 },
  ],
  [
    { type: 'hostedTool', id: 'ws_1', tool: 'web_search', status: 'searching', detail: '{}' },
    'hostedTool',
    {
      id: 'ws_1',
      type: 'web_search',
      status: 'searching',
      detail: '{}',
      data: Buffer.alloc(0),
      mediaType: '',
    },
  ],
  [
    {
      type: 'annotation',
      ...{ url: '', title: 'plot.png', start: 0, end: 3, kind: 'container_file_citation' },
      ...{ fileId: 'cfile_1', containerId: 'cntr_1' },
    },
    'annotation',
    {
      ...{ url: '', title: 'plot.png', start: 0, end: 3, type: 'container_file_citation' },
      ...{ fileId: 'cfile_1', containerId: 'cntr_1' },
    },
  ],
  [
    { type: 'attemptReset', attempt: 2, reason: 'NETWORK_ERROR' },
    'attemptReset',
    { attempt: 2, reason: 14 },
  ],
  [started, 'started', wireStarted],
  [{ ...started, truncation }, 'started', { ...wireStarted, truncation: wireTruncation }],
  [completed, 'completed', wireCompleted],
];

describe('toWireEvent', () => {
  it.each(CASES)('carries %j', (event, $case, value) => {
    expect(received(event)).toEqual({ sequence: 7, event: { $case, value } });
  });

  it('leaves the time to the first token out if there was none', () => {
    const timings = { queueMs: 0, backoffMs: 0, totalMs: 1 };
    const { event } = toWireEvent({ ...completed, timings }, 1);
    expect(event).toMatchObject({ value: { timings: { timeToFirstToken: undefined } } });
  });

  it('sends U+FFFD for half of a surrogate pair', () => {
    const { event } = received({ type: 'refusalDelta', text: `a${'😀'.charAt(0)}` });
    expect(event).toEqual({ $case: 'refusalDelta', value: { text: 'a\ufffd' } });
  });
});
