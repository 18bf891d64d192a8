import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import {
  answer,
  endless,
  httpError,
  resetBeforeHeaders,
  type StubUpstream,
  startStubUpstream,
} from '../support/upstream/index.ts';

const PROMPT = { model: 'gpt-5.4', messages: [{ role: 'user' as const, content: 'Hi' }] };
const KEY = 'sk-test-0123456789';

let stub: StubUpstream;
let client: OpenAI;
beforeEach(async () => {
  stub = await startStubUpstream({ apiKey: KEY });
  client = new OpenAI({ apiKey: KEY, baseURL: stub.url, maxRetries: 0 });
});
afterEach(() => stub.close());

describe('the official SDK', () => {
  it('streams the same text and usage', async () => {
    stub.setDefault(
      answer({
        text: 'The quick brown fox\njumps.',
        usage: { prompt_tokens: 2000, prompt_tokens_details: { cached_tokens: 1024 } },
      }),
    );
    const stream = client.chat.completions.stream({
      ...PROMPT,
      stream_options: { include_usage: true },
    });
    const completion = await stream.finalChatCompletion();

    expect(completion.choices[0]?.message.content).toBe('The quick brown fox\njumps.');
    expect(completion.choices[0]?.finish_reason).toBe('stop');
    expect(completion.usage).toEqual(stub.requests[0]?.sentUsage);
    expect(completion.usage).toMatchObject({
      prompt_tokens: 2000,
      total_tokens: 2005,
      prompt_tokens_details: { cached_tokens: 1024 },
    });
  });

  it('puts streamed tool calls together', async () => {
    const args = JSON.stringify({ city: 'Köln', days: 3 });
    stub.setDefault(
      answer({
        toolCalls: [
          { name: 'forecast', arguments: args },
          { id: 'call_b', name: 'clock', arguments: ['{', '}'] },
        ],
      }),
    );
    const completion = await client.chat.completions.stream(PROMPT).finalChatCompletion();
    const [choice] = completion.choices;
    const plain = await client.chat.completions.create(PROMPT);

    expect(choice?.finish_reason).toBe('tool_calls');
    expect(choice?.message.content).toBeNull();
    const calls = [
      { id: 'call_stub_0', type: 'function', function: { name: 'forecast', arguments: args } },
      { id: 'call_b', type: 'function', function: { name: 'clock', arguments: '{}' } },
    ];
    expect(choice?.message.tool_calls).toMatchObject(calls);
    expect(plain.choices[0]?.message.tool_calls).toEqual(calls);
  });

  it('gives a refusal, streamed and whole', async () => {
    stub.setDefault(answer({ refusal: 'I cannot help with that.' }));
    const streamed = await client.chat.completions.stream(PROMPT).finalChatCompletion();
    const plain = await client.chat.completions.create(PROMPT);
    expect(streamed.choices[0]?.message.refusal).toBe('I cannot help with that.');
    expect(plain.choices[0]?.message).toMatchObject({
      content: null,
      refusal: 'I cannot help with that.',
    });
  });

  it('reads a whole answer, with its request id', async () => {
    stub.setDefault(answer({ text: 'whole', reasoning: { text: 'hm' }, model: 'gpt-5.4-2026' }));
    const content = [
      { type: 'text' as const, text: 'Hello you' },
      { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,' } },
    ];
    const completion = await client.chat.completions.create({
      ...PROMPT,
      messages: [{ role: 'user', content }],
    });
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model: 'gpt-5.4-2026',
      _request_id: stub.requests[0]?.requestId,
      usage: { prompt_tokens: 6, completion_tokens: 2, total_tokens: 8 },
    });
    expect(completion.choices[0]?.message).toMatchObject({
      content: 'whole',
      reasoning_content: 'hm',
    });
  });

  it('lists the models', async () => {
    stub.models = [{ id: 'a' }, { id: 'b' }];
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it.each([
    [400, OpenAI.BadRequestError],
    [403, OpenAI.PermissionDeniedError],
    [404, OpenAI.NotFoundError],
    [409, OpenAI.ConflictError],
    [429, OpenAI.RateLimitError],
    [503, OpenAI.InternalServerError],
  ])('throws the error class that belongs to %d', async (status, errorClass) => {
    stub.setDefault(httpError(status, { code: 'some_code', param: 'some.param', message: 'No' }));
    const failure = await client.chat.completions.create(PROMPT).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(errorClass);
    const requestID = stub.requests[0]?.requestId;
    expect(failure).toMatchObject({ status, code: 'some_code', param: 'some.param', requestID });
  });

  it('throws AuthenticationError for a wrong key', async () => {
    const stranger = new OpenAI({ apiKey: 'sk-wrong', baseURL: stub.url, maxRetries: 0 });
    await expect(stranger.chat.completions.create(PROMPT)).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
  });

  it('throws APIConnectionError on a reset before the headers', async () => {
    stub.setDefault(resetBeforeHeaders());
    await expect(client.chat.completions.create(PROMPT)).rejects.toBeInstanceOf(
      OpenAI.APIConnectionError,
    );
  });

  it('is recorded as the one who left when it aborts', async () => {
    stub.setDefault(endless());
    const stream = await client.chat.completions.create({ ...PROMPT, stream: true });
    for await (const _ of stream) break;
    const request = await stub.waitForRequest(1);
    await request.closed;
    expect(request.closedBy).toBe('client');
    expect(request.closedAt).toBeGreaterThan(request.receivedAt);
  });
});
