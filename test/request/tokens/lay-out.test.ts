import { describe, expect, it } from '@jest/globals';
import type { Message, MessageRequest, Tool } from '../../../src/core/message.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { layOut } from '../../../src/request/tokens/lay-out.ts';
import { png } from './image-bytes.ts';
import { referenceCount } from './tiktoken-reference.ts';

function count(model: string, request: MessageRequest): number {
  const name = builtInCatalogue().find(model)?.tokenizer ?? 'o200k_base';
  const { texts, fixedTokens } = layOut(model, name, request);
  return texts.reduce((sum, text) => sum + referenceCount(name, text), fixedTokens);
}

function o200k(text: string): number {
  return referenceCount('o200k_base', text);
}

/** What a tool costs beside the 12 that any tools cost and the 3 of an empty conversation. */
function toolTokens(tool: Tool): number {
  return count('gpt-4o', { messages: [], tools: [tool] }) - 12 - 3;
}

function withSchema(schema: unknown): Tool {
  return { name: 'f', inputSchema: JSON.stringify(schema) };
}

const user = (content: Message['content']): MessageRequest => ({
  messages: [{ role: 'user', content }],
});

describe('layOut', () => {
  it('counts the conversation of the OpenAI Cookbook as the API bills it', () => {
    const example = (name: string, content: string): Message => ({ role: 'system', name, content });
    const messages: Message[] = [
      {
        role: 'system',
        content:
          'You are a helpful, pattern-following assistant that translates corporate jargon into plain English.',
      },
      example('example_user', 'New synergies will help drive top-line growth.'),
      example('example_assistant', 'Things working well together will increase revenue.'),
      example(
        'example_user',
        "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
      ),
      example('example_assistant', "Let's talk later when we're less busy about how to do better."),
      {
        role: 'user',
        content:
          "This late pivot means we don't have time to boil the ocean for the client deliverable.",
      },
    ];
    expect(count('gpt-4', { messages })).toBe(129);
    expect(count('gpt-4o', { messages })).toBe(124);
    expect(layOut('gpt-4o', 'o200k_base', { messages }).estimated).toBe(false);
  });

  it('counts the function of the OpenAI Cookbook as the API bills it', () => {
    const request: MessageRequest = {
      messages: [
        {
          role: 'system',
          content: 'You are a helpful assistant that can answer to questions about the weather.',
        },
        { role: 'user', content: "What's the weather like in San Francisco?" },
      ],
      tools: [
        {
          name: 'get_current_weather',
          description: 'Get the current weather in a given location',
          inputSchema: JSON.stringify({
            type: 'object',
            properties: {
              location: {
                type: 'string',
                description: 'The city and state, e.g. San Francisco, CA',
              },
              unit: {
                type: 'string',
                description: 'The unit of temperature to return',
                enum: ['celsius', 'fahrenheit'],
              },
            },
            required: ['location'],
          }),
        },
      ],
    };
    expect(count('gpt-4', request)).toBe(105);
    expect(count('gpt-4o', request)).toBe(101);
    expect(layOut('gpt-4o', 'o200k_base', request).estimated).toBe(true);
  });

  it('wraps each message in 3 tokens, adds 1 for a name, and 3 for the answer to begin', () => {
    expect(count('gpt-4o', { messages: [] })).toBe(3);
    expect(count('gpt-4o', user(''))).toBe(3 + 3 + o200k('user'));
    const named: Message = { role: 'assistant', name: 'Bo', content: 'Hello' };
    const tokens = o200k('assistant') + o200k('Hello') + o200k('Bo');
    expect(count('gpt-4o', { messages: [named] })).toBe(3 + 3 + 1 + tokens);
  });

  it('counts text parts one by one', () => {
    const parts = user([
      { type: 'text', text: 'straw' },
      { type: 'text', text: 'berry' },
    ]);
    expect(layOut('gpt-4o', 'o200k_base', parts)).toEqual({
      texts: ['user', 'straw', 'berry'],
      fixedTokens: 6,
      estimated: false,
    });
  });

  it('estimates images', () => {
    const parts = user([
      { type: 'text', text: 'What is this?' },
      { type: 'image', data: png(512, 512) },
    ]);
    expect(layOut('gpt-4o', 'o200k_base', parts)).toEqual({
      texts: ['user', 'What is this?'],
      fixedTokens: 6 + 255,
      estimated: true,
    });
  });

  it('estimates the calls of functions and their results', () => {
    const call: Message = {
      role: 'assistant',
      content: '',
      toolCalls: [{ id: 'call_1', name: 'now', arguments: '{"zone":"UTC"}' }],
    };
    expect(layOut('gpt-4o', 'o200k_base', { messages: [call] })).toEqual({
      texts: ['assistant', 'call_1', 'now', '{"zone":"UTC"}'],
      fixedTokens: 6 + 3,
      estimated: true,
    });
    const result: Message = { role: 'tool', content: '12:00', toolCallId: 'call_1' };
    expect(layOut('gpt-4o', 'o200k_base', { messages: [result] })).toEqual({
      texts: ['tool', '12:00', 'call_1'],
      fixedTokens: 6,
      estimated: true,
    });
  });

  it('estimates the schema of the answer, and nothing without one', () => {
    const format = { type: 'json_schema', name: 'colour', schema: '{"type":"object"}' } as const;
    expect(layOut('gpt-4o', 'o200k_base', { messages: [], responseFormat: format })).toEqual({
      texts: ['colour', '{"type":"object"}'],
      fixedTokens: 3,
      estimated: true,
    });
    const described = { ...format, description: 'A colour' };
    expect(
      layOut('gpt-4o', 'o200k_base', { messages: [], responseFormat: described }).texts,
    ).toContain('A colour');
    for (const type of ['text', 'json_object'] as const) {
      const plain = layOut('gpt-4o', 'o200k_base', { messages: [], responseFormat: { type } });
      expect(plain).toEqual({ texts: [], fixedTokens: 3, estimated: false });
    }
  });

  it('counts a function without arguments, and drops the full stop of its description', () => {
    expect(toolTokens({ name: 'f' })).toBe(7 + o200k('f:'));
    expect(toolTokens({ name: 'f', description: 'Does it.' })).toBe(7 + o200k('f:Does it'));
    expect(toolTokens(withSchema({ type: 'object', properties: {} }))).toBe(7 + o200k('f:'));
  });

  it('counts no tools where there are none', () => {
    expect(layOut('gpt-4o', 'o200k_base', { messages: [], tools: [] })).toEqual({
      texts: [],
      fixedTokens: 3,
      estimated: false,
    });
  });

  it('counts nested properties like those of the first level', () => {
    const inner = { type: 'object', properties: { b: { type: 'string' } } };
    const expected = 7 + o200k('f:') + 3 + (3 + o200k('a:object:')) + 3 + (3 + o200k('b:string:'));
    expect(toolTokens(withSchema({ properties: { a: inner } }))).toBe(expected);
  });

  it.each([
    ['items', (inner: unknown) => ({ items: inner })],
    ['anyOf', (inner: unknown) => ({ anyOf: [{ type: 'null' }, inner] })],
    ['$defs', (inner: unknown) => ({ $defs: { it: inner } })],
  ])('counts the properties below %s', (_, around) => {
    const inner = { properties: { b: { type: 'string', description: 'Bee.' } } };
    expect(toolTokens(withSchema(around(inner)))).toBe(
      7 + o200k('f:') + 3 + (3 + o200k('b:string:Bee')),
    );
  });

  it('takes types and enumerated values that are no strings as JSON', () => {
    const schema = { properties: { a: { type: ['integer', 'null'], enum: [10, null] } } };
    const line = 3 + o200k('a:["integer","null"]:');
    const values = -3 + (3 + o200k('10')) + (3 + o200k('null'));
    expect(toolTokens(withSchema(schema))).toBe(7 + o200k('f:') + 3 + line + values);
  });

  it('counts properties of which nothing is said', () => {
    expect(toolTokens(withSchema({ properties: { a: true } }))).toBe(
      7 + o200k('f:') + 3 + (3 + o200k('a::')),
    );
  });

  it.each(['not JSON', '[1]', '"text"'])('counts the schema %s as it is written', (inputSchema) => {
    expect(toolTokens({ name: 'f', inputSchema })).toBe(7 + o200k('f:') + o200k(inputSchema));
  });

  it('survives a schema that is nested deeper than the stack goes', () => {
    const depth = 50_000;
    const inputSchema = `${'{"items":'.repeat(depth)}{}${'}'.repeat(depth)}`;
    expect(toolTokens({ name: 'f', inputSchema })).toBe(7 + o200k('f:'));
  });

  it('estimates sealed reasoning by its length', () => {
    const sealed = { id: 'rs_1', encryptedContent: 'x'.repeat(400), summary: ['not sent as text'] };
    const message = { role: 'assistant', content: 'done' } as const;
    const plain = layOut('gpt-5', 'o200k_base', { messages: [message] });
    const prompt = layOut('gpt-5', 'o200k_base', {
      messages: [{ ...message, reasoningItems: [sealed] }],
    });
    expect(prompt.fixedTokens - plain.fixedTokens).toBe(100);
    expect(prompt).toMatchObject({ texts: plain.texts, estimated: true });
    expect(plain.estimated).toBe(false);
  });
});
