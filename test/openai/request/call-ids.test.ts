import { describe, expect, it } from '@jest/globals';
import type { Message, ToolKind } from '../../../src/core/message.ts';
import { type Surface, unknownModel } from '../../../src/core/model.ts';
import { MISTRAL_CALLS, withTakenCalls } from '../../../src/openai/request/call-ids.ts';
import { aCall } from '../../support/events.ts';

function callOf(model: string, ids: readonly string[], surface: Surface) {
  const messages: Message[] = [
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: '',
      toolCalls: ids.map((id) => ({ id, name: 'now', arguments: '{}' })),
    },
    ...ids.map((id) => ({ role: 'tool' as const, content: '3', toolCallId: id })),
  ];
  return aCall({ target: { model: unknownModel(model), surface }, request: { messages } });
}

/** As the calls have them, and as their results do. */
function idsOf({ request: { messages } }: ReturnType<typeof callOf>) {
  return {
    called: messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id }) => id)),
    answered: messages.flatMap(({ toolCallId = [] }) => toolCallId),
  };
}

const LONG = `call_${'0'.repeat(36)}`;

describe('ids of calls', () => {
  it.each<[string, string, Surface]>([
    ['mistral-large-latest', 'call_0fypS1hVX', 'chat_completions'],
    ['codestral-2', 'turn1_0', 'chat_completions'],
    ['mistralai/Mixtral-8x7B', '2968-LWy3', 'chat_completions'],
    ['anthropic/claude-sonnet-4.5', 'functions.now:0', 'chat_completions'],
    ['claude-opus-5', 'x'.repeat(65), 'chat_completions'],
    ['gpt-4o', LONG, 'chat_completions'],
    ['o3', 'x'.repeat(65), 'responses'],
  ])('that %s would refuse are others: %s, over %s', (model, id, surface) => {
    const ids = [id, 'a1B2c3D4e'];
    const { called, answered } = idsOf(withTakenCalls(callOf(model, ids, surface)));
    expect(called).toEqual([expect.stringMatching(/^[a-zA-Z0-9]{9}$/), 'a1B2c3D4e']);
    expect(answered).toEqual(called);
    expect(idsOf(withTakenCalls(callOf(model, ids, surface))).called).toEqual(called);
  });

  it.each<[string, string, Surface]>([
    ['mistral-large-latest', 'D681PevKs', 'chat_completions'],
    ['claude-sonnet-4-5', 'toolu_01A09q90qw90lq917835lq9', 'chat_completions'],
    ['gpt-4o', 'functions.now:0', 'chat_completions'],
    ['gpt-5.4', LONG, 'responses'],
    // What a server has put into them it wants back.
    ['gemini/gemini-3-pro', `call_1__thought__${'x'.repeat(500)}`, 'chat_completions'],
    ['kimi-k2', 'functions.now:0', 'chat_completions'],
  ])('that %s takes stay: %s, over %s', (model, id, surface) => {
    const call = callOf(model, [id], surface);
    expect(withTakenCalls(call)).toBe(call);
  });

  it.each<[string, ToolKind | undefined, string]>([
    ['multi_tool_use.parallel', undefined, 'multi_tool_use_parallel'],
    ['mcp__files__é/'.padEnd(70, 'x'), 'custom', 'mcp__files____'.padEnd(64, 'x')],
    ['read.file', 'mcp_approval', 'read.file'],
  ])('bring names as OpenAI and Mistral take them: %s of a %s', (name, kind, expected) => {
    const call = callOf('gpt-5.4', ['call_1'], 'responses');
    const messages = call.request.messages.map(({ toolCalls, ...message }) => ({
      ...message,
      ...(toolCalls && { toolCalls: toolCalls.map((each) => ({ ...each, name, kind })) }),
    }));
    const named = { ...call, request: { messages } } as typeof call;
    const [taken] = withTakenCalls(named).request.messages.flatMap(
      ({ toolCalls = [] }) => toolCalls,
    );
    expect(taken).toMatchObject({ id: 'call_1', name: expected });
    const mistral = { ...named, target: { ...named.target, model: unknownModel('devstral-2') } };
    expect(withTakenCalls(mistral).request.messages).toContainEqual(
      expect.objectContaining({ toolCalls: [expect.objectContaining({ name: expected })] }),
    );
    const elsewhere = { ...named, target: { ...named.target, model: unknownModel('kimi-k2') } };
    expect(withTakenCalls(elsewhere)).toBe(elsewhere);
  });

  it("are as a server's own models want them, whatever they are called", () => {
    const { called } = idsOf(
      withTakenCalls(callOf('open-nemo', ['call_1', 'call_2'], 'chat_completions'), MISTRAL_CALLS),
    );
    expect(called).toEqual([
      expect.stringMatching(/^[a-zA-Z0-9]{9}$/),
      expect.stringMatching(/^[a-zA-Z0-9]{9}$/),
    ]);
    expect(new Set(called).size).toBe(2);
  });
});
