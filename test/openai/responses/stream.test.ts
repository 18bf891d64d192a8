import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import type { Completed, ProviderEvent } from '../../../src/core/events.ts';
import { effectiveSettings } from '../../../src/openai/answer/effective-settings.ts';
import { ResponsesStream } from '../../../src/openai/responses/stream.ts';
import { aCall } from '../../support/events.ts';
import {
  added,
  COMPLETED,
  CREATED,
  delta,
  done,
  ended,
  functionCall,
  message,
  outputText,
} from './responses-events.ts';

const TIMINGS = { queueMs: 0, backoffMs: 0, totalMs: 5 };

function open(fields: Partial<Call> = {}) {
  const events: ProviderEvent[] = [];
  const call = aCall({ attempt: 2, ...fields });
  call.record.upstreamRequestId = 'req_9';
  const stream = new ResponsesStream(call, (event) => events.push(event));
  const read = (event: object, name = '') => stream.read(name, JSON.stringify(event));
  return { events, call, stream, read };
}

/** Whole answers. */
function fold(...sent: readonly object[]): { said: ProviderEvent[]; completed: Completed } {
  const { events, stream, read } = open();
  for (const event of sent) read(event);
  const completed = stream.end(TIMINGS);
  return { said: events.slice(1), completed };
}

const text = (value: string, outputTokensSoFar: number) => ({
  type: 'textDelta',
  text: value,
  outputTokensSoFar,
});
const toolCall = (index: number, id: string, name: string, argumentsFragment: string) => ({
  type: 'toolCallDelta',
  index,
  id,
  name,
  argumentsFragment,
});

describe('ResponsesStream', () => {
  it('begins with what is known of the answer', () => {
    const { events, call, stream, read } = open();
    read({ ...CREATED, type: 'response.queued' });
    read(CREATED);
    read({ ...CREATED, type: 'response.in_progress' });
    expect(events).toEqual([
      {
        type: 'started',
        responseId: 'resp_1',
        model: 'gpt-test-2026',
        target: 'default',
        upstreamRequestId: 'req_9',
        attempt: 2,
        effectiveSettings: effectiveSettings(call),
        warnings: [],
      },
    ]);
    expect(stream).toMatchObject({ hasOutput: false, finished: false, complete: false });
  });

  it.each([
    ['a delta', delta('output_text', 'a')],
    ['an item', added(message())],
    ['the end', ended('completed', { id: undefined, model: undefined })],
  ])('begins with %s where nothing was announced', (_what, event) => {
    const { events, read } = open();
    read(event);
    expect(events[0]).toMatchObject({ type: 'started', responseId: '', model: 'gpt-test' });
  });

  it('tells text, reasoning and refusal once, as they come', () => {
    const { said, completed } = fold(
      CREATED,
      delta('reasoning_summary_text', 'I sum up. ', 0),
      delta('reasoning_text', 'I think.', 1),
      delta('output_text', 'Hel', 2),
      delta('output_text', 'lo', 2),
      { type: 'response.output_text.done', output_index: 2, text: 'Hello' },
      done(message(outputText('Hello')), 2),
      delta('output_text', ' you', 3),
      delta('refusal', 'No.', 3),
      done(message(outputText(' you'), { type: 'refusal', refusal: 'No.' }), 3),
      COMPLETED,
    );
    expect(said).toEqual([
      { type: 'reasoningDelta', text: 'I sum up. ' },
      { type: 'reasoningDelta', text: 'I think.' },
      text('Hel', 6),
      text('lo', 6),
      text(' you', 7),
      { type: 'refusalDelta', text: 'No.' },
    ]);
    expect(completed).toMatchObject({ finishReason: 'stop', rawFinishReason: 'completed' });
  });

  it('completes with everything the upstream reported', () => {
    const { completed } = fold(CREATED, ended('completed', { service_tier: 'flex' }));
    expect(completed).toEqual({
      type: 'completed',
      finishReason: 'stop',
      target: 'default',
      rawFinishReason: 'completed',
      toolCalls: [],
      reasoningItems: [],
      usage: {
        inputTokens: 7,
        outputTokens: 3,
        totalTokens: 10,
        cacheReadTokens: 2,
        cacheWriteTokens: 1,
        reasoningTokens: 1,
        estimated: false,
      },
      model: 'gpt-test-2026',
      attempts: 2,
      failedAttempts: [],
      timings: TIMINGS,
      cached: false,
      serviceTier: 'flex',
      systemFingerprint: '',
    });
  });

  it('estimates the output where no usage was reported', () => {
    const { completed } = fold(
      delta('output_text', 'x'.repeat(40)),
      ended('completed', { usage: null }),
    );
    expect(completed.usage).toMatchObject({ inputTokens: 0, outputTokens: 10, estimated: true });
  });

  it('numbers function calls among themselves and names them by what results refer to', () => {
    const { said, completed } = fold(
      CREATED,
      added({ ...message() }, 0),
      added(functionCall('call_a', 'f', ''), 1),
      delta('function_call_arguments', '{"x":', 1),
      delta('function_call_arguments', '1}', 1),
      done(functionCall('call_a', 'f', '{"x":1}'), 1),
      added(functionCall('call_b', 'g', ''), 4),
      delta('function_call_arguments', '{}', 4),
      done(functionCall('call_b', 'g', '{}'), 4),
      ended('completed', {
        output: [functionCall('call_a', 'f', '{"x":1}'), functionCall('call_b', 'g', '{}')],
      }),
    );
    expect(said).toEqual([
      toolCall(0, 'call_a', 'f', ''),
      toolCall(0, '', '', '{"x":'),
      toolCall(0, '', '', '1}'),
      toolCall(1, 'call_b', 'g', ''),
      toolCall(1, '', '', '{}'),
    ]);
    expect(completed).toMatchObject({
      finishReason: 'tool_calls',
      toolCalls: [
        { id: 'call_a', name: 'f', arguments: '{"x":1}' },
        { id: 'call_b', name: 'g', arguments: '{}' },
      ],
    });
  });

  it('takes the id of the item where a call has no other', () => {
    const { completed } = fold(done({ type: 'function_call', id: 'fc_1', name: 'f' }), COMPLETED);
    expect(completed.toolCalls).toEqual([{ id: 'fc_1', name: 'f', arguments: '' }]);
  });

  it('refuses a call without a name, which nobody could answer', () => {
    const nameless = done({ type: 'function_call', id: 'fc_1', arguments: '{}' });
    expect(() => fold(nameless, COMPLETED)).toThrow('cannot be read');
  });

  it('keeps sealed reasoning, in order, and no other', () => {
    const sealed = (id: string, summary: readonly object[] | null) => ({
      type: 'reasoning',
      id,
      encrypted_content: `sealed ${id}`,
      summary,
    });
    const { completed } = fold(
      done(sealed('rs_1', [{ type: 'summary_text', text: 'Because.' }, { type: 'other' }]), 0),
      done({ type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: null }, 1),
      ended('completed', { output: [sealed('rs_1', null), sealed('rs_3', null)] }),
    );
    expect(completed.reasoningItems.map(({ id }) => id)).toEqual(['rs_1', 'rs_3']);
    expect(completed.reasoningItems[1]).toEqual({
      id: 'rs_3',
      encryptedContent: 'sealed rs_3',
      summary: [],
    });
  });

  it.each<[string, object, string, string]>([
    [
      'max_output_tokens',
      { incomplete_details: { reason: 'max_output_tokens' } },
      'length',
      'max_output_tokens',
    ],
    [
      'content_filter',
      { incomplete_details: { reason: 'content_filter' } },
      'content_filter',
      'content_filter',
    ],
    ['another reason', { incomplete_details: { reason: 'steered' } }, 'error', 'steered'],
    ['no reason', { incomplete_details: null }, 'error', 'incomplete'],
  ])('reads an incomplete answer with %s', (_what, fields, finishReason, rawFinishReason) => {
    for (const event of [ended('incomplete', fields), completedBut('incomplete', fields)]) {
      const { completed } = fold(delta('output_text', 'half'), event);
      expect(completed).toMatchObject({ finishReason, rawFinishReason });
    }
  });

  it.each<[string, string, object]>([
    ['SERVICE_UNAVAILABLE', 'code', { code: 'server_error', message: 'sorry' }],
    ['RATE_LIMIT_EXCEEDED', 'code', { code: 'rate_limit_exceeded', message: 'slow' }],
    ['CONTENT_FILTERED', 'flagged prompt', { code: 'invalid_prompt', message: 'flagged' }],
    ['INVALID_REQUEST', 'image', { code: 'image_too_large', message: 'big' }],
  ])('fails with %s by the %s of a failed answer', (reason, _what, error) => {
    for (const event of [ended('failed', { error }), completedBut('failed', { error })]) {
      const { stream, read } = open();
      expect(() => read(event)).toThrow(
        expect.objectContaining({
          reason,
          facts: expect.objectContaining({ upstreamRequestId: 'req_9', model: 'gpt-test' }),
        }),
      );
      expect(stream.finished).toBe(false);
    }
  });

  it.each([
    [2, { web_search: 2 }],
    [0, undefined],
    [-1, { web_search: 1 }],
    [1e12, { web_search: 1 }],
    ['2', { web_search: 1 }],
  ])('counts the searches that the upstream bills, where it says %j', (num_requests, toolCalls) => {
    const search = { type: 'web_search_call', id: 'ws_1', action: { type: 'search', query: 'q' } };
    const tool_usage = { web_search: { num_requests } };
    const { completed } = fold(ended('completed', { output: [search], tool_usage }));
    expect(completed.usage.toolCalls).toEqual(toolCalls);
  });

  it('tells the calls of tools of an answer that broke off, as they are billed', () => {
    const told: unknown[] = [];
    const { read, stream } = open({ onFailedCalls: (calls) => told.push(calls) });
    stream.tellUsage();
    const search = { type: 'web_search_call', action: { type: 'search', query: 'q' } };
    const page = { type: 'web_search_call', action: { type: 'open_page', url: 'https://a.b' } };
    const code = { type: 'code_interpreter_call', container_id: 'c_1', code: '1' };
    [search, page, page, code, code].forEach((item, place) => {
      const whole = { ...item, id: `i_${place}`, status: 'completed' };
      read({ type: 'response.output_item.done', output_index: place, item: whole });
    });
    const running = { ...search, id: 'i_9', status: 'in_progress' };
    read({ type: 'response.output_item.added', output_index: 9, item: running });
    stream.tellUsage();
    expect(told).toEqual([{ web_search: 1, code_interpreter: 1 }]);
  });

  it('tells what an answer used that failed or was cancelled, where the upstream says so', () => {
    const told: unknown[] = [];
    const onFailedUsage: Call['onFailedUsage'] = ({ outputTokens, estimated }, tier) =>
      told.push([outputTokens, estimated, tier]);
    const error = { code: 'server_error', message: 'sorry' };
    const tier = { service_tier: 'flex' };
    for (const [status, fields] of [
      ['failed', { ...tier, error }],
      ['cancelled', tier],
      ['failed', { error, usage: null }],
    ] as const) {
      const { read, stream } = open({ onFailedUsage });
      expect(() => read(ended(status, fields))).toThrow();
      stream.tellUsage();
    }
    const { response } = ended('failed', { ...tier, error }) as { readonly response: object };
    const { stream } = open({ onFailedUsage });
    expect(() => stream.readWhole(JSON.stringify(response))).toThrow();
    stream.tellUsage();
    const { completed } = fold(ended('completed'));
    const used = [completed.usage.outputTokens, false, 'flex'];
    expect(told).toEqual([used, used, used]);
  });

  it('fails with PROVIDER_ERROR where a failed answer says nothing, or was cancelled', () => {
    for (const event of [
      ended('failed', { error: null }),
      ended('cancelled'),
      completedBut('cancelled', {}),
    ]) {
      expect(() => open().read(event)).toThrow(
        expect.objectContaining({ reason: 'PROVIDER_ERROR' }),
      );
    }
  });

  it.each<[string, object, string]>([
    [
      'with its fields beside the type',
      { type: 'error', code: 'insufficient_quota', message: 'm', param: null },
      '',
    ],
    ['with its fields below', { type: 'error', error: { code: 'insufficient_quota' } }, 'error'],
    ['without a type', { code: 'insufficient_quota' }, 'error'],
    ['in an event without name and type', { error: { code: 'insufficient_quota' } }, ''],
  ])('fails by an error %s', (_what, event, name) => {
    expect(() => open().read(event, name)).toThrow(
      expect.objectContaining({ reason: 'QUOTA_EXCEEDED' }),
    );
  });

  it('goes by the name of an event whose data has no type', () => {
    const { events, read } = open();
    read({ delta: 'a', output_index: 0 }, 'response.output_text.delta');
    expect(events[1]).toEqual(text('a', 1));
  });

  it('reads nothing behind the end', () => {
    const { said, completed } = fold(COMPLETED, delta('output_text', 'late'), ended('failed'));
    expect(said).toEqual([]);
    expect(completed.finishReason).toBe('stop');
  });

  it('passes over events that it does not know', () => {
    const { said } = fold(
      CREATED,
      { type: 'response.audio.delta', delta: 7 },
      added({ type: 'computer_call', arguments: {} }),
      added(message()),
      { type: 'response.output_item.added', item: null },
      { type: 'response.output_item.done' },
      { type: 'response.output_text.delta' },
      { type: 'response.refusal.delta', delta: null },
      { type: 'response.reasoning_text.delta', delta: null },
      { type: 'response.function_call_arguments.delta', delta: null },
      { type: 'response.completed' },
    );
    expect(said).toEqual([]);
  });

  it('joins halves of characters over items, and replaces those that are left over', () => {
    const { said } = fold(
      delta('output_text', 'a\ud83d', 0),
      delta('output_text', '\ude80\ud83d', 1),
      delta('refusal', '\ud83d', 2),
      COMPLETED,
    );
    const texts = said.map((event) => ('text' in event ? event.text : ''));
    expect(texts).toEqual(['a', '🚀', '\ufffd', '\ufffd']);
  });
});

describe('what a server leaves out of a Responses stream', () => {
  const reasoning = { type: 'reasoning', id: 'rs_1', summary: [{ text: 'So.' }], content: null };
  const output = [
    reasoning,
    message(outputText('Hello '), outputText('you'), { type: 'refusal', refusal: 'No.' }),
    message(outputText('!')),
    functionCall('call_a', 'f', '{"x":1}'),
    functionCall('call_b', 'g', '{}'),
  ];
  const whole = { text: 'Hello you!', refusal: 'No.', calls: ['{"x":1}', '{}'] };

  function told(...sent: readonly object[]) {
    const { said, completed } = fold(...sent);
    const of = (type: string) =>
      said.map((event) => (event.type === type && 'text' in event ? event.text : '')).join('');
    return {
      text: of('textDelta'),
      refusal: of('refusalDelta'),
      calls: completed.toolCalls.map(({ arguments: args }) => args),
    };
  }

  it.each<[string, readonly object[]]>([
    ['is made up by the finished items', [...output.map(done), COMPLETED]],
    ['is made up by the finished answer', [ended('completed', { output })]],
    ['is not told twice', [...output.map(done), ended('completed', { output })]],
    [
      'is made up where deltas stop early',
      [delta('output_text', 'Hel', 1), ...output.map(done), ended('completed', { output })],
    ],
    [
      'is made up where indices are missing',
      [{ type: 'response.output_text.delta', delta: 'Hello you' }, ended('completed', { output })],
    ],
    [
      'does not depend on the indices of the finished answer',
      [
        delta('output_text', 'Hello you!', 0),
        delta('refusal', 'No.', 0),
        added(functionCall('call_a', 'f', ''), 1),
        delta('function_call_arguments', '{"x":1}', 1),
        added(functionCall('call_b', 'g', ''), 2),
        delta('function_call_arguments', '{}', 2),
        ended('completed', { output }),
      ],
    ],
  ])('%s', (_what, sent) => {
    expect(told(...sent)).toEqual(whole);
  });

  it('is told of reasoning by its item, unless it came before', () => {
    const texts = (...sent: readonly object[]) =>
      fold(...sent, COMPLETED).said.map((event) => ('text' in event ? event.text : ''));
    expect(texts(done(reasoning))).toEqual(['So.']);
    expect(texts(done({ ...reasoning, content: [{ text: 'Thus.' }] }))).toEqual(['Thus.']);
    expect(texts(delta('reasoning_text', 'Hm.'), done(reasoning))).toEqual(['Hm.']);
  });

  it('is told of calls without index and without items', () => {
    const { completed } = fold(
      { type: 'response.output_item.added', item: functionCall('call_a', 'f', '') },
      { type: 'response.function_call_arguments.delta', delta: '{}' },
      { type: 'response.output_item.done', item: functionCall('call_a', 'f', '{}') },
      COMPLETED,
    );
    expect(completed.toolCalls).toEqual([{ id: 'call_a', name: 'f', arguments: '{}' }]);
  });
});

/** A server that ends every answer with the same event, and tells by the status how it went. */
function completedBut(status: string, fields: object): object {
  return { ...ended(status, fields), type: 'response.completed' };
}
