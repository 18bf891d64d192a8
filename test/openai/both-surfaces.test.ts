import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../src/core/call.ts';
import { ProviderError } from '../../src/core/errors.ts';
import type { Completed, ProviderEvent, Started } from '../../src/core/events.ts';
import type { Message, MessageRequest, ReasoningItem } from '../../src/core/message.ts';
import { type Surface, unknownModel } from '../../src/core/model.ts';
import { aCall } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  type AnswerOptions,
  answer,
  cancelledResponse,
  drip,
  endless,
  failedResponse,
  firstTokenAfter,
  garbageAfterDone,
  httpError,
  noDone,
  responsesErrorEvent,
  silent,
  stallAfter,
} from '../support/upstream/index.ts';
import { expectFault, STREAM_FAULTS } from './answer/stream-faults.ts';
import { abortListeners, openUpstream, readAll, textOf, until } from './open-upstream.ts';

const SURFACES: readonly Surface[] = ['chat_completions', 'responses'];
const CANCELLED = new ProviderError('CANCELLED');

function callOver(surface: Surface, fields: Partial<Call> = {}): Call {
  const reasoning = { isReasoning: true, efforts: [] };
  const target = { model: { ...unknownModel('gpt-test'), reasoning }, surface };
  return aCall({ target, attempt: 1, ...fields });
}

function joined(events: readonly ProviderEvent[], type: 'reasoningDelta' | 'refusalDelta'): string {
  return events.map((event) => (event.type === type ? event.text : '')).join('');
}

/** An answer over a surface, in the terms that both have in common. */
async function heard(surface: Surface, options: AnswerOptions) {
  const { upstream } = await openUpstream(answer(options));
  const { events, error } = await readAll((emit) => upstream.answer(callOver(surface), emit));
  expect(error).toBeUndefined();
  const { model, attempt, warnings } = events[0] as Started;
  const {
    rawFinishReason: _raw,
    timings: _timings,
    systemFingerprint: _fingerprint,
    ...end
  } = events.at(-1) as Completed;
  return {
    started: { model, attempt, warnings },
    text: textOf(events),
    reasoning: joined(events, 'reasoningDelta'),
    refusal: joined(events, 'refusalDelta'),
    calls: callDeltas(events),
    end,
  };
}

/** What the deltas of each call say, put together. */
function callDeltas(events: readonly ProviderEvent[]) {
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const event of events) {
    if (event.type !== 'toolCallDelta') continue;
    calls[event.index] ??= { id: '', name: '', arguments: '' };
    const call = calls[event.index];
    if (call === undefined) continue;
    call.id += event.id;
    call.name += event.name;
    call.arguments += event.argumentsFragment;
  }
  return calls;
}

const ARGUMENTS = '{"city" : "Köln",\n "days":3}';
const TOOL_CALLS = [
  { id: 'call_a', name: 'forecast', arguments: ARGUMENTS },
  { id: 'call_b', name: 'clock', arguments: ['', '{', '}'] },
  { id: 'call_c', name: 'nothing', arguments: '' },
];

const ANSWERS: Readonly<Record<string, AnswerOptions>> = {
  text: { text: 'Grüße aus 東京 und von 👩‍🚀.', model: 'gpt-test-2026', serviceTier: 'flex' },
  'nothing at all': { deltas: [] },
  'half a character': { deltas: ['a\ud83d', '\ude80', '\ud83d'] },
  reasoning: { reasoning: { text: 'Let me think.' }, text: 'Done.' },
  'a refusal': { refusal: 'I will not.' },
  'a refusal after text': { text: 'Well. ', refusal: 'No.' },
  'tool calls': { toolCalls: TOOL_CALLS },
  'tool calls after text': { text: 'Let me look.', toolCalls: TOOL_CALLS },
  'an answer that was too long': { text: 'and so on', finishReason: 'length' },
  'an answer that was filtered': { text: 'and so', finishReason: 'content_filter' },
  'an answer that stopped for another reason': { text: 'and', finishReason: 'odd' },
  usage: {
    usage: {
      prompt_tokens: 2000,
      completion_tokens: 90,
      prompt_tokens_details: { cached_tokens: 1024, cache_write_tokens: 512 },
      completion_tokens_details: { reasoning_tokens: 80 },
    },
  },
  'usage that cannot be': { usage: { prompt_tokens: -1 } },
};

describe('the same answer over both surfaces', () => {
  it.each(Object.entries(ANSWERS))('gives the same events: %s', async (_what, options) => {
    const overChat = await heard('chat_completions', options);
    const overResponses = await heard('responses', options);
    expect(overResponses).toEqual(overChat);
    expect(overChat.calls).toEqual(overChat.end.toolCalls);
  });
});

describe.each(SURFACES)('over %s', (surface) => {
  it('an answer is asked for where it belongs', async () => {
    const { stub, upstream } = await openUpstream(answer({ text: 'Hello.' }));
    const call = callOver(surface);
    const { events } = await readAll((emit) => upstream.answer(call, emit));
    const [request] = stub.requests;
    const path = surface === 'responses' ? '/v1/responses' : '/v1/chat/completions';
    expect(request?.path).toBe(path);
    expect(request?.headers).toMatchObject({ accept: 'text/event-stream' });
    expect(events[0]).toMatchObject({
      type: 'started',
      responseId: request?.completionId,
      upstreamRequestId: request?.requestId,
      effectiveSettings: { api: surface },
    });
    expect(events.at(-1)).toMatchObject({ finishReason: 'stop', usage: { estimated: false } });
  });

  it.each(Object.entries(STREAM_FAULTS))('the answer fails when %s', async (_what, fault) => {
    await expectFault(fault, callOver(surface));
  });

  it('a refusal is told with status and delay', async () => {
    const headers = { 'retry-after': '2' };
    const { upstream } = await openUpstream(
      httpError(429, { code: 'rate_limit_exceeded', headers }),
    );
    const { error } = await readAll((emit) => upstream.answer(callOver(surface), emit));
    const facts = { upstreamStatus: 429, retryAfterMs: 2000 };
    expect(error).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED', facts });
  });

  it.each([
    ['before the headers', silent()],
    ['in the middle of the answer', stallAfter(3)],
    ['while the upstream is held back', endless()],
  ])('a cancel breaks the connection %s', async (_when, script) => {
    const { stub, upstream } = await openUpstream(script);
    const controller = new AbortController();
    const call = callOver(surface, { signal: controller.signal });
    const reading = readAll((emit) => upstream.answer(call, emit));
    const request = await stub.waitForRequest(1);
    controller.abort(CANCELLED);
    expect((await reading).error).toBe(CANCELLED);
    await request.closed;
    expect(request.closedBy).toBe('client');
    expect(abortListeners(controller.signal)).toBe(0);
  });

  it('an answer split anywhere is read whole', async () => {
    const text = 'Grüße aus 東京 und von 👩‍🚀 – voilà.';
    async function* ticks() {
      for (let n = 0; n < 4_000; n++) yield;
    }
    const { upstream } = await openUpstream(drip(1, ticks(), { text }));
    const { events } = await readAll((emit) => upstream.answer(callOver(surface), emit));
    expect(textOf(events)).toBe(text);
    expect(events.at(-1)?.type).toBe('completed');
  });

  it('a whole answer is complete although its body stays open', async () => {
    const clock = new FakeClock();
    const { stub, upstream } = await openUpstream(noDone(2), { clock });
    const reading = readAll((emit) => upstream.answer(callOver(surface), emit));
    // Chat Completions has no last event of its own: the usage is followed by a wait.
    await until(() => clock.pending === 1);
    if (surface === 'chat_completions') clock.advance(1_000);
    const { events } = await reading;
    expect(events.at(-1)).toMatchObject({ type: 'completed', usage: { estimated: false } });
    clock.advance(1_000);
    const request = await stub.waitForRequest(1);
    await request.closed;
    expect(request.closedBy).toBe('client');
  });

  it('what comes behind the end is not read', async () => {
    const { upstream } = await openUpstream(garbageAfterDone());
    const { events, error } = await readAll((emit) => upstream.answer(callOver(surface), emit));
    expect(error).toBeUndefined();
    expect(textOf(events)).toBe('word1 word2 word3 ');
  });

  it('the first output is timed', async () => {
    const clock = new FakeClock();
    const speak = Promise.withResolvers<void>();
    const { upstream } = await openUpstream(firstTokenAfter(speak.promise), { clock });
    const progress: string[] = [];
    const onProgress = (reached: string) => void progress.push(reached);
    const reading = readAll((emit) => upstream.answer(callOver(surface, { onProgress }), emit));
    await until(() => progress.includes('headers'));
    clock.advance(40);
    speak.resolve();
    const { events } = await reading;
    expect(events.at(-1)).toMatchObject({ timings: { timeToFirstTokenMs: 40, totalMs: 40 } });
  });

  it('a turn of tool calls goes round byte for byte', async () => {
    const { stub, upstream } = await openUpstream(answer({ toolCalls: TOOL_CALLS }));
    const { events } = await readAll((emit) => upstream.answer(callOver(surface), emit));
    const { toolCalls } = events.at(-1) as Completed;
    expect(toolCalls[0]).toEqual({ id: 'call_a', name: 'forecast', arguments: ARGUMENTS });
    const results: readonly Message[] = toolCalls.map(({ id }) => ({
      role: 'tool',
      toolCallId: id,
      content: `result of ${id}`,
    }));
    const messages: readonly Message[] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: '', toolCalls },
      ...results,
    ];
    await readAll((emit) => upstream.answer(callOver(surface, { request: { messages } }), emit));
    const sent = stub.requests[1]?.body;
    expect(sent?.[surface === 'responses' ? 'input' : 'messages']).toEqual(
      // Many servers do not take an empty text back, which some models call with.
      ROUND_TRIP[surface](
        toolCalls.map((call) => ({ ...call, arguments: call.arguments || '{}' })),
      ),
    );
  });

  it('schemas, images and tools are sent', async () => {
    const { stub, upstream } = await openUpstream(answer({ text: '{}' }));
    await readAll((emit) => upstream.answer(callOver(surface, { request: RICH_REQUEST }), emit));
    expect(stub.requests[0]?.body).toMatchObject(RICH_BODY[surface]);
    expect(stub.requests[0]?.rawBody).toContain('"maximum":9007199254740993');
  });
});

const ROUND_TRIP: Record<Surface, (calls: Completed['toolCalls']) => unknown> = {
  chat_completions: (calls) => [
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: null,
      tool_calls: calls.map(({ id, ...called }) => ({ id, type: 'function', function: called })),
    },
    ...calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: `result of ${id}` })),
  ],
  responses: (calls) => [
    { type: 'message', role: 'user', content: 'Hi' },
    ...calls.map(({ id, ...called }) => ({ type: 'function_call', call_id: id, ...called })),
    ...calls.map(({ id }) => ({
      type: 'function_call_output',
      call_id: id,
      output: `result of ${id}`,
    })),
  ],
};

const SCHEMA = '{"type":"object","properties":{"n":{"maximum":9007199254740993}}}';
const IMAGE = 'data:image/png;base64,AQID';

const RICH_REQUEST: MessageRequest = {
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', data: Uint8Array.of(1, 2, 3), mediaType: 'image/png', detail: 'low' },
      ],
    },
  ],
  responseFormat: { type: 'json_schema', name: 'thing', schema: SCHEMA, strict: true },
  tools: [{ name: 'f', inputSchema: '{"type":"object"}' }],
  toolChoice: { functionName: 'f' },
  reasoningEffort: 'low',
};

const RICH_BODY: Record<Surface, object> = {
  chat_completions: {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: IMAGE, detail: 'low' } },
        ],
      },
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'thing', strict: true } },
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
    tool_choice: { type: 'function', function: { name: 'f' } },
    reasoning_effort: 'low',
  },
  responses: {
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'What is this?' },
          { type: 'input_image', image_url: IMAGE, detail: 'low' },
        ],
      },
    ],
    text: { format: { type: 'json_schema', name: 'thing', strict: true } },
    tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }],
    tool_choice: { type: 'function', name: 'f' },
    reasoning: { effort: 'low' },
  },
};

describe('what only Responses has', () => {
  it('hands sealed reasoning out and takes it back', async () => {
    const sealed = { id: 'rs_1', encryptedContent: 'gAAA=', summary: ['Thought hard.'] };
    const { stub, upstream } = await openUpstream(answer({ sealedReasoning: [sealed] }));
    const asked = callOver('responses', {
      request: { messages: [{ role: 'user', content: 'Hi' }], reasoningSummary: 'auto' },
    });
    const { events } = await readAll((emit) => upstream.answer(asked, emit));
    expect(stub.requests[0]?.body.reasoning).toEqual({ summary: 'auto' });
    expect(events).toContainEqual({ type: 'reasoningDelta', text: 'Thought hard.' });
    const { reasoningItems } = events.at(-1) as Completed;
    expect(reasoningItems).toEqual([sealed]);
    const messages: readonly Message[] = [{ role: 'assistant', content: 'Hm.', reasoningItems }];
    await readAll((emit) =>
      upstream.answer(callOver('responses', { request: { messages } }), emit),
    );
    expect(stub.requests[1]?.body).toMatchObject({
      store: false,
      input: [
        {
          type: 'reasoning',
          id: 'rs_1',
          encrypted_content: 'gAAA=',
          summary: [{ type: 'summary_text', text: 'Thought hard.' }],
        },
        { role: 'assistant', content: 'Hm.' },
      ],
    });
  });

  describe('with reasoning that was sealed elsewhere', () => {
    const unopened = httpError(400, { code: 'invalid_encrypted_content', message: 'No.' });
    const sealed = { id: 'rs_1', encryptedContent: 'gAAA=', summary: [] };
    const asked = (item: ReasoningItem) => {
      const turn = { role: 'assistant', content: '', reasoningItems: [item] } as const;
      const messages: Message[] = [
        { role: 'user', content: 'Hi' },
        turn,
        { ...turn, content: 'Hm.', providerData: '{"target":"default","output":[]}' },
        { role: 'user', content: 'And?' },
      ];
      return callOver('responses', { request: { messages } });
    };

    it('asks once more without it, and says so', async () => {
      const { stub, upstream } = await openUpstream(answer());
      stub.enqueue(unopened);
      const { events, error } = await readAll((emit) => upstream.answer(asked(sealed), emit));
      expect(error).toBeUndefined();
      expect(stub.requests[0]?.rawBody).toContain('rs_1');
      expect(stub.requests[1]?.body.input).toMatchObject([
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hm.' },
        { role: 'user', content: 'And?' },
      ]);
      expect(events[0]).toMatchObject({
        warnings: [expect.stringContaining('sealed reasoning of earlier turns was left out')],
      });
    });

    it('leaves out of later turns what was refused, and nothing else', async () => {
      const { stub, upstream } = await openUpstream(answer());
      stub.enqueue(unopened);
      await readAll((emit) => upstream.answer(asked(sealed), emit));
      const later = asked(sealed);
      const own: ReasoningItem = { ...sealed, id: 'rs_2', encryptedContent: 'gBBB=' };
      const turn: Message = { role: 'assistant', content: 'So.', reasoningItems: [own] };
      const messages = [...later.request.messages, turn, { role: 'user' as const, content: 'Go' }];
      const call = { ...later, request: { messages } };
      const { events } = await readAll((emit) => upstream.answer(call, emit));
      expect(stub.requests).toHaveLength(3);
      expect(stub.requests[2]?.rawBody).not.toContain('rs_1');
      expect(stub.requests[2]?.rawBody).toContain('rs_2');
      expect(events[0]).toMatchObject({ warnings: [expect.stringContaining('left out')] });
      // Another key may open it.
      await readAll((emit) => upstream.answer({ ...asked(sealed), key: 1 }, emit));
      expect(stub.requests[3]?.rawBody).toContain('rs_1');
    });

    it('asks no third time, and never without a sealed conversation', async () => {
      const { stub, upstream } = await openUpstream(unopened);
      const again = await readAll((emit) => upstream.answer(asked(sealed), emit));
      expect(again.error?.reason).toBe('INVALID_REQUEST');
      expect(stub.requests).toHaveLength(2);
      const compacted = asked({ ...sealed, type: 'compaction' });
      const once = await readAll((emit) => upstream.answer(compacted, emit));
      expect(once.error?.reason).toBe('INVALID_REQUEST');
      expect(stub.requests).toHaveLength(3);
    });
  });

  it.each([
    ['fails', failedResponse(1, { code: 'rate_limit_exceeded' }), 'RATE_LIMIT_EXCEEDED'],
    ['is cancelled', cancelledResponse(1), 'PROVIDER_ERROR'],
    [
      'ends with an error event',
      responsesErrorEvent(1, { code: 'server_error' }),
      'SERVICE_UNAVAILABLE',
    ],
  ] as const)('fails the answer that %s', async (_what, behaviour, reason) => {
    await expectFault({ behaviour, reason, text: 'word1 ' }, callOver('responses'));
  });
});
