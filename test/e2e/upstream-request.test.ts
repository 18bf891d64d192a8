import { afterEach, describe, expect, it } from '@jest/globals';
import { collect } from '../support/grpc-client.ts';
import { API_KEY, type RunningApp, startApp } from '../support/running-app.ts';
import { answer } from '../support/upstream/index.ts';

let running: RunningApp;
afterEach(() => running.stop());

const PNG = Buffer.from('iVBORw0KGgo=', 'base64');
const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const WEATHER = { ...CITY, additionalProperties: false };

const CONVERSATION = {
  model: 'gpt-4o',
  maxTokens: 200,
  temperature: 0,
  messages: [
    { role: 'ROLE_SYSTEM', content: 'Be brief.' },
    {
      role: 'ROLE_USER',
      parts: [
        { text: 'Where is this?' },
        { image: { data: PNG, mediaType: 'image/png', detail: 'IMAGE_DETAIL_ORIGINAL' } },
        { image: { uri: 'https://example.com/a.jpg' } },
      ],
    },
    {
      role: 'ROLE_ASSISTANT',
      toolCalls: [{ id: 'call_1', name: 'weather', arguments: '{"city":"Bonn"}' }],
    },
    { role: 'ROLE_TOOL', toolCallId: 'call_1', content: '12 °C' },
  ],
  tools: [
    { name: 'weather', description: 'Now.', inputSchema: JSON.stringify(WEATHER), strict: true },
    { name: 'noon' },
  ],
  toolChoice: { mode: 'TOOL_CHOICE_MODE_REQUIRED' },
  parallelToolCalls: true,
  responseFormat: { jsonSchema: { name: 'place', schema: JSON.stringify(CITY), strict: false } },
};

describe('a request with tools, images and a schema', () => {
  it("reaches the upstream in OpenAI's form", async () => {
    running = await startApp();
    await collect(running.client.provider.stream('SendMessage', { request: CONVERSATION }));
    const [request] = running.stub.requests;
    expect(request?.path).toBe('/v1/chat/completions');
    expect(request?.headers.authorization).toBe(`Bearer ${API_KEY}`);
    expect(request?.body).toMatchObject({
      model: 'gpt-4o',
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 200,
      temperature: 0,
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Where is this?' },
            {
              type: 'image_url',
              image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'original' },
            },
            { type: 'image_url', image_url: { url: 'https://example.com/a.jpg' } },
          ],
        },
        {
          role: 'assistant',
          tool_calls: [
            {
              id: 'call_1',
              type: 'function',
              function: { name: 'weather', arguments: '{"city":"Bonn"}' },
            },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: '12 °C' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'weather', description: 'Now.', parameters: WEATHER, strict: true },
        },
        { type: 'function', function: { name: 'noon' } },
      ],
      tool_choice: 'required',
      parallel_tool_calls: true,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'place', schema: CITY, strict: false },
      },
    });
  });

  it('brings back parallel tool calls, in pieces and complete', async () => {
    running = await startApp();
    const calls = [
      { id: 'call_a', name: 'weather', arguments: '{"city":"Köln"}' },
      { id: 'call_b', name: 'noon', arguments: '{}' },
    ];
    running.stub.enqueue(answer({ toolCalls: calls }));
    const { messages } = await collect(
      running.client.provider.stream('SendMessage', { request: CONVERSATION }),
    );
    expect(messages.at(-1)?.completed).toMatchObject({
      finishReason: 'FINISH_REASON_TOOL_CALLS',
      toolCalls: calls,
    });
    const pieces = messages.flatMap(({ toolCallDelta }) => (toolCallDelta ? [toolCallDelta] : []));
    const joined = ['', ''];
    for (const piece of pieces as { index: number; argumentsFragment: string }[]) {
      joined[piece.index] += piece.argumentsFragment;
    }
    expect(joined).toEqual(calls.map((call) => call.arguments));
  });
});
