import { describe, expect, it } from '@jest/globals';
import type { ProviderEvent } from '../../../src/core/events.ts';
import { effectiveSettings } from '../../../src/openai/answer/effective-settings.ts';
import { parseChunk } from '../../../src/openai/chat/chunk.ts';
import { ChatStream } from '../../../src/openai/chat/stream.ts';
import { aCall } from '../../support/events.ts';
import { chunk, USAGE_CHUNK } from '../open-upstream.ts';

const TIMINGS = { queueMs: 0, backoffMs: 0, totalMs: 5 };

function fold(...chunks: readonly object[]): ProviderEvent[] {
  const events: ProviderEvent[] = [];
  const stream = new ChatStream(aCall({ attempt: 2 }), (event) => events.push(event));
  for (const one of chunks) stream.add(parseChunk(JSON.stringify(one)));
  events.push(stream.end(TIMINGS));
  return events;
}

const FINISH = chunk({}, 'stop');

describe('ChatStream', () => {
  it('begins with what is known of the answer', () => {
    const events: ProviderEvent[] = [];
    const call = aCall({
      attempt: 3,
      warnings: ['be warned'],
    });
    call.record.upstreamRequestId = 'req_9';
    const stream = new ChatStream(call, (event) => events.push(event));
    stream.add(chunk({ role: 'assistant', content: '' }));
    stream.add(chunk({ content: '' }));
    expect(events).toEqual([
      {
        type: 'started',
        responseId: 'chatcmpl-1',
        model: 'gpt-test-2026',
        target: 'default',
        upstreamRequestId: 'req_9',
        attempt: 3,
        effectiveSettings: effectiveSettings(call),
        warnings: ['be warned'],
      },
    ]);
  });

  it('ends a thought of Gemini at a text that is read as one before it', () => {
    const events: ProviderEvent[] = [];
    const stream = new ChatStream(aCall({ attempt: 1 }), (event) => events.push(event));
    const read = (delta: object) => stream.read('', JSON.stringify(chunk(delta)));
    read({ content: 'So: ' });
    stream.onlyText();
    read({ content: '<thought>Hm', extra_content: { google: { thought: true } } });
    stream.readAgain('</thought>Hi');
    stream.readAgain('</thought>');
    expect(events.slice(1)).toMatchObject([
      { type: 'textDelta', text: 'So: ' },
      { type: 'reasoningDelta', text: 'Hm' },
      { type: 'textDelta', text: 'Hi' },
      { type: 'textDelta', text: '</thought>' },
    ]);
  });

  it('reads a message that comes whole in the place of its parts', () => {
    const whole = {
      id: 'c',
      choices: [{ index: 0, message: { content: 'All.' }, finish_reason: 'stop' }],
    };
    expect(fold(whole)).toMatchObject([
      { type: 'started' },
      { type: 'textDelta', text: 'All.' },
      { type: 'completed' },
    ]);
  });

  it.each([
    ['whole', 'stop', true],
    ['cut off', 'length', false],
  ])(
    'of an answer that is %s, refuses a call without a name: finish reason %s, %s',
    (_, finish, refused) => {
      const tool_calls = [{ index: 0, id: 'x', function: { arguments: '{}' } }];
      const folding = () => fold(chunk({ tool_calls }), chunk({}, finish));
      if (refused) expect(folding).toThrow('cannot be read');
      else expect(folding().at(-1)).toMatchObject({ finishReason: 'length' });
    },
  );

  it.each([
    [true, 'None'],
    [false, 'NoNone'],
  ])('takes a piece for all so far where pieces may grow: %s', (piecesMayGrow, text) => {
    const said: string[] = [];
    const note = (event: ProviderEvent) => event.type === 'textDelta' && said.push(event.text);
    const stream = new ChatStream(aCall(), note, { piecesMayGrow });
    for (const content of ['No', 'None'])
      stream.add(parseChunk(JSON.stringify(chunk({ content }))));
    expect(said.join('')).toBe(text);
  });

  it('does not call an answer complete whose tool calls are missing', () => {
    expect(() => fold(chunk({}), chunk({}, 'tool_calls'))).toThrow(
      expect.objectContaining({ reason: 'SERVICE_UNAVAILABLE' }),
    );
  });

  it('breaks off an answer that does not end', () => {
    const stream = new ChatStream(aCall(), () => undefined);
    const large = parseChunk(JSON.stringify(chunk({ content: 'x'.repeat(1024 * 1024) })));
    const tiny = parseChunk(JSON.stringify(chunk({ content: 'x' })));
    const tooLarge = expect.objectContaining({ reason: 'SERVICE_UNAVAILABLE' });
    expect(() => {
      for (let n = 0; n < 32; n++) stream.add(large);
    }).toThrow(tooLarge);
    const drip = new ChatStream(aCall(), () => undefined);
    expect(() => {
      for (let n = 0; n < 600_000; n++) drip.add(tiny);
    }).toThrow(tooLarge);
  });

  it('tells what was left out of the conversation', () => {
    const truncation = { droppedMessages: [1, 2], inputTokensBefore: 900, inputTokensAfter: 90 };
    const events: ProviderEvent[] = [];
    new ChatStream(aCall({ truncation }), (event) => events.push(event)).add(chunk({}));
    expect(events).toMatchObject([{ type: 'started', truncation }]);
  });

  it("waits with it for the answer where Azure's verdict on the prompt comes first", () => {
    const verdict = { id: '', model: '', choices: [], prompt_filter_results: [] };
    const [started] = fold(verdict, chunk({ content: 'a' }), FINISH);
    expect(started).toMatchObject({ type: 'started', responseId: 'chatcmpl-1' });
  });

  it('names the model that was asked for where the upstream names none', () => {
    const events = fold({ choices: [{ delta: { content: 'a' }, finish_reason: 'stop' }] });
    expect(events[0]).toMatchObject({ type: 'started', responseId: '', model: 'gpt-test' });
    expect(events.at(-1)).toMatchObject({ type: 'completed', model: 'gpt-test' });
  });

  it('passes text, reasoning of either name and refusals on', () => {
    const events = fold(
      chunk({ reasoning_content: 'think' }),
      chunk({ reasoning: 'more' }),
      chunk({ reasoning_content: 'same', reasoning: 'same' }),
      chunk({ content: 'text', refusal: 'no' }),
      FINISH,
    );
    expect(events.slice(1, -1)).toEqual([
      { type: 'reasoningDelta', text: 'think' },
      { type: 'reasoningDelta', text: 'more' },
      { type: 'reasoningDelta', text: 'same' },
      { type: 'textDelta', text: 'text', outputTokensSoFar: 5 },
      { type: 'refusalDelta', text: 'no' },
    ]);
  });

  it('takes reasoning from its details where there is no other', () => {
    const detail = (text: string) => ({ reasoning_details: [{ type: 'reasoning.text', text }] });
    const summary = { reasoning_details: [{ type: 'reasoning.summary', summary: 'why' }] };
    const told = (...deltas: readonly object[]) =>
      fold(...deltas.map((delta) => chunk(delta)), FINISH).flatMap((event) =>
        event.type === 'reasoningDelta' ? event.text : [],
      );
    expect(told(detail('think'), summary)).toEqual(['think', 'why']);
    expect(told({ ...detail('think'), reasoning: 'think' }, detail('think'))).toEqual(['think']);
    expect(told(detail(''), { ...detail('a'), reasoning: 'a' }, detail('a'))).toEqual(['a']);
    expect(told({ reasoning_details: 'none' })).toEqual([]);
    const strange = JSON.parse('{"type":{"toString":1,"valueOf":1},"text":"think"}');
    expect(told({ reasoning_details: [strange], annotations: [strange] })).toEqual([]);
  });

  it('estimates the output tokens from chunks and from characters, whichever gives more', () => {
    const events = fold(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'a' }),
      chunk({ content: 'b' }),
      chunk({ content: 'c'.repeat(18) }),
      chunk({ tool_calls: [{ index: 0, id: 'x', function: { name: 'f', arguments: '1234567' } }] }),
      FINISH,
    );
    const soFar = events.flatMap((e) => (e.type === 'textDelta' ? [e.outputTokensSoFar] : []));
    expect(soFar).toEqual([1, 2, 5]);
    expect(events.at(-1)).toMatchObject({
      usage: { inputTokens: 0, outputTokens: 7, totalTokens: 7, estimated: true },
    });
  });

  it('completes with everything the upstream reported', () => {
    const tools = [
      { index: 0, id: 'x', type: 'function', function: { name: 'f', arguments: '{}' } },
    ];
    const facts = { service_tier: 'flex', system_fingerprint: 'fp_1' };
    const events = fold(chunk({ tool_calls: tools }), chunk({}, 'tool_calls'), {
      ...USAGE_CHUNK,
      ...facts,
    });
    expect(events.at(-1)).toEqual({
      type: 'completed',
      finishReason: 'tool_calls',
      target: 'default',
      rawFinishReason: 'tool_calls',
      toolCalls: [{ id: 'x', name: 'f', arguments: '{}' }],
      reasoningItems: [],
      usage: {
        inputTokens: 7,
        outputTokens: 3,
        totalTokens: 10,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
        estimated: false,
      },
      model: 'gpt-test-2026',
      attempts: 2,
      failedAttempts: [],
      timings: TIMINGS,
      cached: false,
      serviceTier: 'flex',
      systemFingerprint: 'fp_1',
    });
  });

  it('takes the last of several reports of usage', () => {
    const usage = (tokens: number) => ({ prompt_tokens: 7, completion_tokens: tokens });
    const events = fold(
      { ...chunk({ content: 'a' }), usage: usage(1) },
      { ...chunk({}, 'stop'), usage: usage(2) },
      { ...USAGE_CHUNK, usage: usage(4) },
    );
    expect(events.at(-1)).toMatchObject({ usage: { outputTokens: 4, estimated: false } });
  });

  it.each<[string, boolean, readonly object[]]>([
    ['of zeros alone', false, [{ ...chunk({}), usage: { prompt_tokens: 0 } }, FINISH]],
    ['of nothing', false, [{ ...FINISH, usage: {} }]],
    ['behind the finish reason', true, [FINISH, USAGE_CHUNK]],
    ['before the finish reason', true, [USAGE_CHUNK, FINISH]],
    ['that never comes', false, [FINISH]],
  ])('knows whether the usage has come: one %s', (_when, hasUsage, chunks) => {
    const stream = new ChatStream(aCall(), () => {});
    for (const one of chunks) stream.add(one);
    expect(stream).toMatchObject({ finished: true, complete: false, hasUsage });
  });

  const said = (content: string, completion_tokens?: number) => ({
    ...chunk({ content }),
    ...(completion_tokens !== undefined && { usage: { prompt_tokens: 7, completion_tokens } }),
  });
  const ERROR = { error: { message: 'sorry' } };

  it.each<[string, readonly object[], object | undefined]>([
    ['with each piece', [said('a', 1), said('b', 3)], { outputTokens: 3, estimated: true }],
    ['and then an error', [said('a', 3), ERROR], { outputTokens: 3, estimated: false }],
    [
      'beside an error',
      [said('a'), { ...ERROR, usage: { prompt_tokens: 7, completion_tokens: 3 } }],
      { outputTokens: 3, estimated: false },
    ],
    ['with its reason', [said('a', 3), FINISH], { outputTokens: 3, estimated: false }],
    ['at the begin alone', [said('', 1), said('a')], { outputTokens: 0, estimated: true }],
    [
      'that is the same with each piece',
      ['a', 'b', 'c', 'd', 'e'].map((text) => said(text, 1)),
      { outputTokens: 0, estimated: true },
    ],
    [
      'of zeros behind the text',
      [said('a', 2), said('b'), { ...chunk({}), usage: { prompt_tokens: 0 } }],
      { outputTokens: 0, estimated: true },
    ],
    ['of no output', [said('', 0)], { outputTokens: 0, estimated: true }],
    ['never', [said('a')], undefined],
  ])('tells what an answer without an end has used, said %s', (_when, chunks, used) => {
    const told: unknown[] = [];
    const onFailedUsage = (usage: object) => told.push(usage);
    const stream = new ChatStream(aCall({ onFailedUsage }), () => {});
    const read = () => {
      for (const one of chunks) stream.read('', JSON.stringify(one));
    };
    if (chunks.some((one) => 'error' in one)) expect(read).toThrow('an error');
    else read();
    stream.tellUsage();
    expect(told).toMatchObject(used ? [{ inputTokens: 7, ...used }] : []);
  });

  it('makes nothing of a chunk with nothing in it', () => {
    const events = fold({}, { ...chunk({}), choices: [{}] }, FINISH);
    expect(events.map((event) => event.type)).toEqual(['started', 'completed']);
  });

  it('ignores choices that nobody asked for', () => {
    const other = { ...chunk({}), choices: [{ index: 1, delta: { content: 'x' } }] };
    const both = {
      ...chunk({}),
      choices: [{ index: 1, delta: { content: 'x' } }, { delta: { content: 'a' } }],
    };
    const events = fold(other, both, FINISH);
    expect(events.map((event) => event.type)).toEqual(['started', 'textDelta', 'completed']);
  });

  it('keeps halves of characters apart by channel, and joins them', () => {
    const events = fold(
      chunk({ content: 'a\ud83d', reasoning: '\ud83d', refusal: '\ud83d' }),
      chunk({ content: '\udc4d', reasoning: '\ude80', refusal: '\ude80' }),
      FINISH,
    );
    const texts = events.flatMap((event) => ('text' in event ? [event.text] : []));
    expect(texts).toEqual(['a', '🚀', '👍', '🚀']);
  });

  it('replaces halves that are left over before it completes', () => {
    const half = '\ud83d';
    const tools = [{ index: 0, id: 'x', function: { name: 'f', arguments: half } }];
    const events = fold(
      chunk({ content: half, reasoning: half, refusal: half, tool_calls: tools }),
      FINISH,
    );
    expect(events.slice(1)).toMatchObject([
      { type: 'reasoningDelta', text: '\ufffd' },
      { type: 'textDelta', text: '\ufffd' },
      { type: 'refusalDelta', text: '\ufffd' },
      { type: 'toolCallDelta', argumentsFragment: '\ufffd' },
      { type: 'completed', toolCalls: [{ arguments: '\ufffd' }] },
    ]);
  });
});
