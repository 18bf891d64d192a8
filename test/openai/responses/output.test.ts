import { describe, expect, it } from '@jest/globals';
import type { Completed, ProviderEvent } from '../../../src/core/events.ts';
import { AnswerEvents } from '../../../src/openai/answer/events.ts';
import { HostedOutput } from '../../../src/openai/responses/hosted-output.ts';
import { toInput } from '../../../src/openai/responses/input.ts';
import { ResponsesOutput } from '../../../src/openai/responses/output.ts';
import { ResponsesStream } from '../../../src/openai/responses/stream.ts';
import { aCall } from '../../support/events.ts';
import { added, COMPLETED, CREATED, delta, done, ended, message } from './responses-events.ts';

const TIMINGS = { queueMs: 0, backoffMs: 0, totalMs: 5 };

/** What is said in an answer of these events, and what it is in the end. */
function answer(...sent: readonly object[]): { said: ProviderEvent[]; completed: Completed } {
  const events: ProviderEvent[] = [];
  const stream = new ResponsesStream(aCall(), (event) => events.push(event));
  for (const event of [CREATED, ...sent]) stream.read('', JSON.stringify(event));
  return { said: events.slice(1), completed: stream.end(TIMINGS) };
}

describe('an event that leaves its piece out', () => {
  it.each([
    'response.output_text.delta',
    'response.output_text.done',
    'response.output_text.annotation.added',
    'response.content_part.done',
    'response.refusal.delta',
    'response.refusal.done',
    'response.reasoning_text.delta',
    'response.reasoning_text.done',
    'response.reasoning_summary_text.delta',
    'response.reasoning_summary_text.done',
    'response.reasoning_summary_part.done',
    'response.function_call_arguments.delta',
    'response.function_call_arguments.done',
    'response.custom_tool_call_input.delta',
    'response.custom_tool_call_input.done',
    'response.output_item.added',
    'response.output_item.done',
  ])('%s says nothing, and begins nothing', (type) => {
    const { said, completed } = answer({ type, output_index: 0 }, COMPLETED);
    expect(said).toEqual([]);
    expect(completed).toMatchObject({ finishReason: 'stop', toolCalls: [] });
  });

  it.each<[string, object]>([
    ['reasoning', { type: 'reasoning_text' }],
    ['text', {}],
    ['a refusal', { type: 'refusal', refusal: '' }],
  ])('a finished part of %s without a text says nothing', (_what, part) => {
    const { said } = answer({ type: 'response.content_part.done', output_index: 0, part });
    expect(said).toEqual([]);
  });
});

describe('a finished part alone', () => {
  it.each<[string, object, object]>([
    ['reasoning', { type: 'reasoning_text', text: 'Hm.' }, { type: 'reasoningDelta', text: 'Hm.' }],
    ['refusal', { type: 'refusal', refusal: 'No.' }, { type: 'refusalDelta', text: 'No.' }],
    ['text', { text: 'Yes.' }, { type: 'textDelta', text: 'Yes.', outputTokensSoFar: 1 }],
  ])('tells its %s', (_what, part, event) => {
    const { said } = answer({ type: 'response.content_part.done', output_index: 0, part });
    expect(said).toEqual([event]);
  });
});

describe('an answer whose end says other things than its deltas', () => {
  it('keeps the text that came', () => {
    const { said } = answer(
      delta('output_text', 'Hello'),
      ended('completed', { output: [message({ type: 'output_text', text: 'Goodbye' })] }),
    );
    expect(said).toEqual([{ type: 'textDelta', text: 'Hello', outputTokensSoFar: 2 }]);
  });

  it('tells the rest of a refusal that it says alone', () => {
    const { said } = answer(
      delta('refusal', 'I'),
      ended('completed', { output: [message({ type: 'refusal', refusal: 'I cannot.' }, {})] }),
    );
    expect(said).toEqual([
      { type: 'refusalDelta', text: 'I' },
      { type: 'refusalDelta', text: ' cannot.' },
    ]);
  });

  it('takes a call of another name for another call', () => {
    const { completed } = answer(
      added({ id: 'fc_1', type: 'function_call', call_id: 'a', name: 'f', arguments: '' }),
      delta('function_call_arguments', '{}'),
      ended('completed', {
        output: [{ type: 'function_call', call_id: 'b', name: 'g', arguments: '[]' }],
      }),
    );
    expect(completed.toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{}' },
      { id: 'b', name: 'g', arguments: '[]' },
    ]);
  });

  it('keeps the sealed reasoning of an item that was not streamed, and tells it not twice', () => {
    const sealed = (id: string) => ({ id, type: 'reasoning', encrypted_content: `of ${id}` });
    const { said, completed } = answer(
      delta('reasoning_summary_text', 'So.'),
      ended('completed', {
        output: [
          { ...sealed('rs_1'), summary: [{ text: 'So.' }] },
          { ...sealed('rs_2'), summary: [{ text: 'Again.' }, {}] },
        ],
      }),
    );
    expect(said).toEqual([{ type: 'reasoningDelta', text: 'So.' }]);
    expect(completed.reasoningItems).toEqual([
      { id: 'rs_1', encryptedContent: 'of rs_1', summary: ['So.'] },
      { id: 'rs_2', encryptedContent: 'of rs_2', summary: ['Again.', ''] },
    ]);
  });

  it('takes sealed reasoning that the whole names and seals anew for what came before', () => {
    const sealed = (id: string) => ({ id, type: 'reasoning', encrypted_content: `of ${id}` });
    const { completed } = answer(
      done(sealed('rs_1'), 0),
      ended('completed', {
        output: [sealed('rs_2'), message({ type: 'output_text', text: 'Hi' })],
      }),
    );
    expect(completed.reasoningItems).toEqual([
      { id: 'rs_2', encryptedContent: 'of rs_2', summary: [] },
    ]);
    // What the whole leaves out is kept.
    const alone = answer(
      done(sealed('rs_1'), 0),
      done(sealed('rs_2'), 1),
      ended('completed', { output: [sealed('rs_2')] }),
    );
    expect(alone.completed.reasoningItems.map(({ id }) => id)).toEqual(['rs_1', 'rs_2']);
  });

  it.each<[string, { id?: string }, string[]]>([
    ['one id', { id: 'rs_1' }, ['rs_1', 'rs_1#2']],
    ['no id', {}, ['#1', '#2']],
  ])('hands sealed items with %s back as they came, each in its place', (_what, named, ids) => {
    const sealed = (encrypted_content: string) => ({
      ...named,
      type: 'reasoning',
      summary: [],
      encrypted_content,
    });
    const search = { id: 'ws_1', type: 'web_search_call', status: 'completed' };
    const items = [sealed('a'), search, sealed('b'), message({ type: 'output_text', text: 'Hi' })];
    const streamed = [...items.map((item, place) => done(item, place)), done(items[2] ?? {}, 2)];
    for (const sent of [
      [...streamed, COMPLETED],
      [...streamed, ended('completed', { output: items })],
      [ended('completed', { output: items })],
    ]) {
      const { completed } = answer(...sent);
      const { reasoningItems, providerData = '' } = completed;
      expect(reasoningItems.map(({ id }) => id)).toEqual(ids);
      const turn = { role: 'assistant' as const, content: 'Hi', reasoningItems, providerData };
      expect(toInput([turn], 'developer', 'default').slice(0, 3)).toEqual(items.slice(0, 3));
    }
  });

  it.each([undefined, 'none', [null]])(
    'keeps a sealed conversation of which it says %j',
    (summary) => {
      const item = { id: 'cmp_1', type: 'compaction', encrypted_content: 'sealed', summary };
      const kept = [{ id: 'cmp_1', encryptedContent: 'sealed', summary: [], type: 'compaction' }];
      expect(answer(done(item), COMPLETED).completed.reasoningItems).toEqual(kept);
      // From the whole alone, too.
      const alone = answer(ended('completed', { output: [item] }));
      expect(alone.completed.reasoningItems).toEqual(kept);
    },
  );
});

describe('a call', () => {
  it('has the name that stands beside its arguments', () => {
    const { completed } = answer(
      {
        type: 'response.function_call_arguments.done',
        item_id: 'fc_1',
        name: 'f',
        arguments: '{}',
      },
      COMPLETED,
    );
    expect(completed.toolCalls).toEqual([
      { id: expect.stringMatching(/^call_/), name: 'f', arguments: '{}' },
    ]);
  });

  it('of a custom tool has its input as it is', () => {
    const { completed } = answer(
      { type: 'response.custom_tool_call_input.delta', output_index: 0, delta: 'SELECT' },
      { type: 'response.custom_tool_call_input.done', output_index: 0, input: 'SELECT 1' },
      done({ id: 'ct_1', type: 'custom_tool_call', call_id: 'a', name: 'sql', input: 'SELECT 1' }),
      COMPLETED,
    );
    expect(completed.toolCalls).toEqual([
      { id: 'a', name: 'sql', arguments: 'SELECT 1', kind: 'custom' },
    ]);
  });

  it('that asks for leave brings back whose tool it is about', () => {
    const { completed } = answer(
      done({
        id: 'mcpr_1',
        type: 'mcp_approval_request',
        name: 'delete',
        arguments: '{}',
        server_label: 'files',
      }),
      COMPLETED,
    );
    const [call] = completed.toolCalls;
    expect(call).toMatchObject({ id: 'mcpr_1', name: 'delete', kind: 'mcp_approval' });
    expect(JSON.parse(call?.providerData ?? '')).toEqual({
      target: 'default',
      server_label: 'files',
    });
  });
});

describe('what the upstream says where a text comes from', () => {
  const cited = (fields: object, place: object = {}) => ({
    type: 'response.output_text.annotation.added',
    output_index: 0,
    content_index: 0,
    annotation_index: 0,
    annotation: { type: 'url_citation', url: 'https://a.test', title: 'A', ...fields },
    ...place,
  });
  const places = (...sent: readonly object[]) =>
    answer(...sent, COMPLETED).said.flatMap((event) =>
      event.type === 'annotation' ? [event] : [],
    );

  it.each<[string, object, object]>([
    ['a link', { start_index: 1, end_index: 3 }, { start: 1, end: 3, url: 'https://a.test' }],
    [
      'a place alone, as a file has it',
      { index: 2, title: '', filename: 'b' },
      { start: 2, end: 2 },
    ],
    ['no place', {}, { start: 0, end: 0 }],
    ['an end before its begin', { start_index: 3, end_index: 1 }, { start: 3, end: 3 }],
    ['places that are none', { start_index: -1, end_index: 1.5 }, { start: 0, end: 0 }],
    ['a place beyond any text', { end_index: 2 ** 40 }, { start: 0, end: 2 ** 30 }],
    ['names that are none', { url: 7, title: null }, { url: '', title: '' }],
    [
      'the id of a file',
      { title: undefined, file_id: 'file-1' },
      { title: 'file-1', fileId: 'file-1' },
    ],
    [
      'a file that code has made, and where it lies',
      { title: undefined, filename: 'plot.png', file_id: 'cfile_1', container_id: 'cntr_1' },
      { title: 'plot.png', fileId: 'cfile_1', containerId: 'cntr_1' },
    ],
  ])('is told of %s', (_what, fields, told) => {
    expect(places(delta('output_text', 'Hello'), cited(fields))).toEqual([
      {
        type: 'annotation',
        ...{ kind: 'url_citation', url: 'https://a.test', title: 'A' },
        ...{ start: 0, end: 0 },
        ...('filename' in fields && { title: 'b' }),
        ...told,
      },
    ]);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'https://a.test'],
    ['no type', { url: 'https://a.test' }],
  ])('is not told of %s', (_what, annotation) => {
    expect(places({ ...cited({}), annotation })).toEqual([]);
  });

  it('counts characters over items and parts, without what was said on the way', () => {
    const text = (piece: string, output_index: number, content_index: number) => ({
      type: 'response.output_text.delta',
      output_index,
      content_index,
      delta: piece,
    });
    const found = places(
      added({ id: 'msg_0', type: 'message', phase: 'commentary' }, 0),
      text('Searching', 0, 0),
      added({ id: 'msg_1', type: 'message' }, 1),
      text('Hi \u{1f600}!', 1, 0),
      added({ id: 'msg_2', type: 'message' }, 2),
      text('abc', 2, 0),
      text('def', 2, 2),
      cited({ start_index: 1, end_index: 2 }, { output_index: 2, content_index: 2 }),
    );
    expect(found).toMatchObject([{ start: 5 + 3 + 1, end: 5 + 3 + 2 }]);
  });

  it.each<[string, (whole: object) => readonly object[]]>([
    ['the finished item', (whole) => [done(whole)]],
    ['the whole answer', (whole) => [ended('completed', { output: [whole] })]],
    [
      'the whole answer, whose text came before under no id',
      (whole) => [delta('output_text', 'abcdef'), ended('completed', { output: [whole] })],
    ],
    [
      'the whole answer, whose item came before under its id',
      (whole) => [done(whole), ended('completed', { output: [whole] })],
    ],
  ])('counts characters over parts that come with %s', (_what, sent) => {
    const annotation = { type: 'url_citation', start_index: 1, end_index: 2 };
    const whole = message(
      { type: 'output_text', text: 'abc' },
      { type: 'output_text', text: 'def', annotations: [annotation] },
    );
    expect(places(...sent(whole))).toMatchObject([{ start: 4, end: 5 }]);
  });

  it('counts characters over messages of the whole answer, whichever of them came before', () => {
    const annotations = [{ type: 'url_citation', start_index: 0, end_index: 1 }];
    const of = (id: string, text: string) => ({
      ...message({ type: 'output_text', text, annotations }),
      id,
    });
    const output = [of('msg_a', 'abc'), of('msg_b', 'def')];
    const told = [{ start: 0 }, { start: 3 }];
    expect(places(ended('completed', { output }))).toMatchObject(told);
    expect(places(done(of('msg_a', 'abc')), ended('completed', { output }))).toMatchObject(told);
  });

  it('is told once, whether it comes by itself, with the item or with the answer', () => {
    const annotation = {
      type: 'url_citation',
      url: 'https://a.test',
      start_index: 0,
      end_index: 2,
    };
    const whole = message({ type: 'output_text', text: 'Hi', annotations: [annotation] }, {});
    const told = [{ kind: 'url_citation', start: 0, end: 2 }];
    const output = [whole];
    const bare = { ...cited({}), annotation, content_index: null, annotation_index: undefined };
    expect(places(delta('output_text', 'Hi'), bare, done(whole))).toMatchObject(told);
    expect(places(done(whole), ended('completed', { output }))).toMatchObject(told);
    expect(places(ended('completed', { output }))).toMatchObject(told);
  });
});

describe('an answer without end', () => {
  function open() {
    const call = aCall();
    return new ResponsesOutput(
      new AnswerEvents(call, () => {}),
      new HostedOutput(() => {}),
      'default',
    );
  }

  it.each<[string, (output: ResponsesOutput, n: number) => void]>([
    ['items', (output, n) => output.itemAdded({ output_index: n }, { type: 'message' })],
    ['finished items', (output) => output.itemDone({}, { type: 'message' })],
    [
      'sources',
      (output, n) =>
        output.annotation({
          output_index: 0,
          annotation_index: n,
          annotation: { type: 'url_citation' },
        }),
    ],
    [
      'uses of tools',
      (output, n) => output.hosted.begins({ id: `ws_${n}`, type: 'web_search_call' }),
    ],
    [
      'images',
      (output, n) =>
        output.itemDone({}, { id: `ig_${n}`, type: 'image_generation_call', result: BIG }),
    ],
  ])('is refused for its %s', (_what, grow) => {
    const output = open();
    expect(() => {
      for (let n = 0; n < 20_000; n += 1) grow(output, n);
    }).toThrow(expect.objectContaining({ reason: 'SERVICE_UNAVAILABLE' }));
  });
});

/** 8 MiB in base64; all images of the test are this one. */
const BIG = 'A'.repeat(8 * 1024 * 1024);
