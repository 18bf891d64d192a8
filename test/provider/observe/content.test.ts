import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/core/message.ts';
import {
  inputAttributes,
  MAX_CONTENT,
  OutputContent,
} from '../../../src/provider/observe/content.ts';
import { hideSecret } from '../../../src/telemetry/secrets.ts';
import { completed, text } from '../../support/events.ts';

const SECRET = 'a-planted-secret-of-forty-two-characters-x';
hideSecret(SECRET);

const user = (content: Message['content']): Message => ({ role: 'user', content });

function input(...messages: Message[]): string {
  return String(inputAttributes(messages)['gen_ai.input.messages']);
}

describe('what a model is asked', () => {
  it('stands on the span as the conventions write it, bytes and queries left out', () => {
    const attributes = inputAttributes([
      { role: 'system', content: 'be brief' },
      { role: 'developer', content: [{ type: 'text', text: 'be kind' }] },
      {
        role: 'user',
        name: 'ann',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image', data: new Uint8Array(3), mediaType: 'image/png' },
          { type: 'image', uri: 'https://files.test/a.png?signature=s#f' },
          { type: 'file', fileId: 'file-1' },
        ],
      },
      {
        role: 'assistant',
        content: '',
        reasoning: 'hm',
        toolCalls: [{ id: 'c1', name: 'find', arguments: '{"q":1}' }],
      },
      { role: 'tool', content: 'found', toolCallId: 'c1' },
      { role: 'tool', content: [{ type: 'text', text: 'more' }] },
      { role: 'system', content: 'later' },
    ]);
    expect(JSON.parse(String(attributes['gen_ai.system_instructions']))).toEqual([
      { type: 'text', content: 'be brief' },
      { type: 'text', content: 'be kind' },
    ]);
    expect(JSON.parse(String(attributes['gen_ai.input.messages']))).toEqual([
      {
        role: 'user',
        name: 'ann',
        parts: [
          { type: 'text', content: 'look' },
          { type: 'image', mime_type: 'image/png', bytes: 3 },
          { type: 'uri', modality: 'image', uri: 'https://files.test/a.png' },
          { type: 'file', modality: 'file', file_id: 'file-1' },
        ],
      },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm' },
          { type: 'tool_call', id: 'c1', name: 'find', arguments: '{"q":1}' },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'found' }] },
      {
        role: 'tool',
        parts: [
          { type: 'tool_call_response', id: '', response: [{ type: 'text', content: 'more' }] },
        ],
      },
      { role: 'system', parts: [{ type: 'text', content: 'later' }] },
    ]);
  });

  it('has no attribute of instructions where there are none, and no messages beside them', () => {
    expect(inputAttributes([user('hi')])).not.toHaveProperty('gen_ai.system_instructions');
    expect(inputAttributes([{ role: 'system', content: 'x' }])).toMatchObject({
      'gen_ai.input.messages': '[]',
    });
  });

  it.each([
    ['one long text', [user('x'.repeat(1_000_000))]],
    ['many messages', Array.from({ length: 20_000 }, (_, i) => user(`message ${i}`))],
    ['characters that are escaped', [user('\u0001'.repeat(40_000))]],
    ['pairs of surrogates', [user('😀'.repeat(40_000))]],
    ['many parts', [user(Array.from({ length: 9_000 }, () => ({ type: 'text', text: 'part' })))]],
    [
      'a result without a text to cut',
      [{ role: 'tool', content: [{ type: 'text', text: 'y'.repeat(90_000) }] }],
    ],
    ['long instructions', [{ role: 'system', content: 'z'.repeat(90_000) }, user('hi')]],
    [
      'many instructions',
      [
        ...Array.from({ length: 5_000 }, () => ({ role: 'system', content: 'do this' })),
        user('hi'),
      ],
    ],
    ['a name that leaves no room', [{ ...user('hi'), name: 'n'.repeat(MAX_CONTENT) }]],
  ] as [string, Message[]][])('is whole JSON within its bound: %s', (_what, messages) => {
    for (const value of Object.values(inputAttributes(messages))) {
      expect(String(value).length).toBeLessThanOrEqual(MAX_CONTENT);
      expect(Array.isArray(JSON.parse(String(value)))).toBe(true);
      expect(String(value)).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
    }
  });

  it('says where it was cut', () => {
    const [message] = JSON.parse(input(user('x'.repeat(MAX_CONTENT))));
    expect(message.parts).toMatchObject([{ type: 'text', truncated: true }]);
    expect(message.parts[0].content.length).toBeGreaterThan(MAX_CONTENT - 200);
  });

  it('shows no secret, nor the beginning of one, wherever the text is cut', () => {
    const filler = 'word '.repeat(12_000);
    for (let shift = 0; shift < SECRET.length; shift += 1) {
      for (const end of [MAX_CONTENT, MAX_CONTENT + 4_096]) {
        const prompt = `${filler.slice(0, end - shift)}${SECRET}${filler}`;
        expect(input(user(prompt))).not.toContain(SECRET.slice(0, 12));
      }
    }
    const call = { id: 'c', name: 'f', arguments: `{"key":"${SECRET}"}` };
    expect(input({ role: 'assistant', content: '', toolCalls: [call] })).not.toContain(SECRET);
    expect(input(user('use sk-abcdefghijkl please'))).toContain('use [redacted] please');
  });
});

describe('what is answered', () => {
  function output(...pieces: Parameters<OutputContent['see']>[0][]) {
    const content = new OutputContent();
    for (const piece of pieces) content.see(piece);
    const toolCalls = [{ id: 'c1', name: 'find', arguments: '{}' }];
    const done = completed({ finishReason: 'tool_calls', toolCalls });
    return String(content.attributes(done)['gen_ai.output.messages']);
  }

  it('is one message with all that came', () => {
    const told = output(
      { type: 'reasoningDelta', text: 'let me ' },
      { type: 'reasoningDelta', text: 'think' },
      text('the '),
      text('answer'),
      { type: 'refusalDelta', text: 'no' },
      { type: 'toolCallDelta', index: 0, id: 'c1', name: 'find', argumentsFragment: '{}' },
    );
    expect(JSON.parse(told)).toEqual([
      {
        role: 'assistant',
        finish_reason: 'tool_call',
        parts: [
          { type: 'reasoning', content: 'let me think' },
          { type: 'text', content: 'the answer' },
          { type: 'refusal', content: 'no' },
          { type: 'tool_call', id: 'c1', name: 'find', arguments: '{}' },
        ],
      },
    ]);
  });

  it('hides a secret that came in pieces, and is bounded', () => {
    const pieces = [SECRET.slice(0, 9), SECRET.slice(9)].map((piece) => text(piece));
    expect(output(...pieces)).not.toContain(SECRET);
    const long = output(...Array.from({ length: 100 }, () => text('z'.repeat(1_000))));
    expect(long.length).toBeLessThanOrEqual(MAX_CONTENT);
    expect(JSON.parse(long)).toHaveLength(1);
  });
});
