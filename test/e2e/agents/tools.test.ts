import { afterEach, describe, expect, it } from '@jest/globals';
import { strict } from '../../../src/simulator/strict/strict.ts';
import { API_KEY, type RunningApp, startApp } from '../../support/running-app.ts';
import { answer } from '../../support/upstream/index.ts';
import { expectGrowingPrefixes, inputsOf, runAgent, script, startAgents } from './agent.ts';

let running: RunningApp;
afterEach(() => running.stop());

const ASKED = { role: 'ROLE_USER', content: 'How many users are there?' };

describe('an agent with functions', () => {
  it('calls, gets results and answers', async () => {
    running = await startAgents();
    const given = '{"path": "a.ts",\n "depth":12345678901234567890}';
    script(
      running,
      {
        toolCalls: [{ id: 'call_1', name: 'read', arguments: given }],
        sealedReasoning: [{ id: 'rs_1', encryptedContent: 'gAAA=' }],
      },
      { text: 'It is short.' },
    );
    const request = {
      model: 'gpt-5.4',
      messages: [ASKED],
      tools: [{ name: 'read', inputSchema: '{"type":"object","properties":{}}' }],
    };
    const { answers } = await runAgent(running.client, request, () => 'export {};');
    expect(answers.map(({ text }) => text)).toEqual(['', 'It is short.']);
    expect(inputsOf(running)[1]?.slice(1)).toEqual([
      '{"type":"reasoning","id":"rs_1","encrypted_content":"gAAA=","summary":[]}',
      `{"type":"function_call","call_id":"call_1","name":"read","arguments":${JSON.stringify(given)}}`,
      '{"type":"function_call_output","call_id":"call_1","output":"export {};"}',
    ]);
    expectGrowingPrefixes(running);
  });

  it('gets an image as a result', async () => {
    running = await startAgents();
    script(running, { toolCalls: [{ id: 'call_1', name: 'look', arguments: '{}' }] }, {});
    const request = { model: 'gpt-5.4', messages: [ASKED], tools: [{ name: 'look' }] };
    const data = Buffer.from('iVBORw0KGgo=', 'base64');
    await runAgent(running.client, request, () => ({
      parts: [{ text: 'The screen:' }, { image: { data, mediaType: 'image/png' } }],
    }));
    expect(inputsOf(running)[1]?.at(-1)).toBe(
      '{"type":"function_call_output","call_id":"call_1","output":[{"type":"input_text","text":"The screen:"},{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo=","detail":"auto"}]}',
    );
  });
});

describe('an agent with custom tools', () => {
  const grammar = { syntax: 'lark', definition: 'start: "SELECT " /.+/' };
  const request = {
    model: 'gpt-5.4',
    messages: [ASKED],
    tools: [
      { name: 'sql', description: 'Runs a query.', custom: { grammar } },
      { name: 'note', custom: { text: {} } },
    ],
    toolChoice: { allowed: { mode: 'TOOL_CHOICE_MODE_REQUIRED', names: ['sql'] } },
  };
  /** Neither JSON nor free of what JSON escapes. */
  const query = 'SELECT "n"\n  FROM users -- \\ { é 👩‍💻';
  const toolCalls = [{ id: 'call_1', name: 'sql', arguments: query, kind: 'custom' as const }];
  const expected = { ...toolCalls[0], kind: 'TOOL_KIND_CUSTOM' };

  it('writes text that keeps to a grammar, over Responses', async () => {
    running = await startAgents();
    script(running, { toolCalls }, { text: '42.' });
    const results: unknown[] = [];
    const { answers } = await runAgent(running.client, request, (call) => {
      results.push(call);
      return '42';
    });
    expect(results).toEqual([expect.objectContaining(expected)]);
    const deltas = answers[0]?.collected.messages.flatMap(
      ({ toolCallDelta }) => toolCallDelta ?? [],
    );
    expect(deltas?.[0]).toMatchObject({ id: 'call_1', name: 'sql', kind: 'TOOL_KIND_CUSTOM' });
    expect(
      deltas?.map((delta) => (delta as { argumentsFragment: string }).argumentsFragment).join(''),
    ).toBe(query);
    const [first] = running.stub.requests;
    expect(first?.body).toMatchObject({
      tools: [
        { type: 'custom', name: 'sql', format: { type: 'grammar', ...grammar } },
        { type: 'custom', name: 'note', format: { type: 'text' } },
      ],
      tool_choice: {
        type: 'allowed_tools',
        mode: 'required',
        tools: [{ type: 'custom', name: 'sql' }],
      },
    });
    expect(inputsOf(running)[1]?.slice(1)).toEqual([
      `{"type":"custom_tool_call","call_id":"call_1","name":"sql","input":${JSON.stringify(query)}}`,
      '{"type":"custom_tool_call_output","call_id":"call_1","output":"42"}',
    ]);
    expectGrowingPrefixes(running);
  });

  it('does so over Chat Completions', async () => {
    running = await startApp('api: chat_completions');
    running.stub.setDefault(strict());
    running.stub.enqueue(strict({ answer: answer({ toolCalls }) }));
    const { answers } = await runAgent(running.client, request, () => '42');
    expect(answers[0]?.completed.toolCalls).toEqual([expect.objectContaining(expected)]);
    const [first, second] = running.stub.requests;
    expect(first?.headers.authorization).toBe(`Bearer ${API_KEY}`);
    expect(first?.body).toMatchObject({
      tools: [
        {
          type: 'custom',
          custom: { name: 'sql', format: { type: 'grammar', grammar } },
        },
        { type: 'custom', custom: { name: 'note', format: { type: 'text' } } },
      ],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'custom', custom: { name: 'sql' } }] },
      },
    });
    expect(second?.body.messages?.slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'sql', input: query } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '42' },
    ]);
  });
});
