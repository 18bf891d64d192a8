import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import {
  answer,
  cancelledResponse,
  failedResponse,
  responsesErrorEvent,
  type StubUpstream,
  startStubUpstream,
} from '../support/upstream/index.ts';

const PROMPT = { model: 'gpt-5.4', input: 'Hi there!' };

let stub: StubUpstream;
let client: OpenAI;
beforeEach(async () => {
  stub = await startStubUpstream();
  client = new OpenAI({ apiKey: 'sk-test', baseURL: stub.url, maxRetries: 0 });
});
afterEach(() => stub.close());

async function eventsOf(fields: object = {}) {
  const seen: OpenAI.Responses.ResponseStreamEvent[] = [];
  const stream = await client.responses.create({ ...PROMPT, ...fields, stream: true });
  for await (const event of stream) seen.push(event);
  return seen;
}

describe('the official SDK over /responses', () => {
  it('streams text in the order of the API', async () => {
    stub.setDefault(answer({ deltas: ['one ', 'two'], serviceTier: 'flex', model: 'm-2026' }));
    const events = await eventsOf();
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map((event) => 'sequence_number' in event && event.sequence_number)).toEqual(
      events.map((_, index) => index),
    );
    expect(events.at(-1)).toMatchObject({
      response: {
        id: stub.requests[0]?.completionId,
        status: 'completed',
        model: 'm-2026',
        service_tier: 'flex',
        usage: { input_tokens: 6, output_tokens: 2, total_tokens: 8 },
      },
    });
    expect(stub.requests[0]?.completionId).toMatch(/^resp_/);
  });

  it('puts text, refusal, reasoning and calls together, streamed or not', async () => {
    const args = JSON.stringify({ city: 'Köln' });
    stub.setDefault(
      answer({
        reasoning: { text: 'let me see' },
        text: 'The answer.',
        refusal: 'But no.',
        toolCalls: [
          { id: 'call_a', name: 'forecast', arguments: args },
          { name: 'clock', arguments: '' },
        ],
      }),
    );
    const streamed = await client.responses.stream(PROMPT).finalResponse();
    const plain = await client.responses.create(PROMPT);
    for (const response of [streamed, plain]) {
      expect(response.output_text).toBe('The answer.');
      expect(response.output).toMatchObject([
        { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'let me see' }] },
        { type: 'message', content: [{ type: 'output_text', text: 'The answer.' }] },
        { type: 'message', content: [{ type: 'refusal', refusal: 'But no.' }] },
        { type: 'function_call', call_id: 'call_a', name: 'forecast', arguments: args },
        { type: 'function_call', call_id: 'call_stub_1', name: 'clock', arguments: '' },
      ]);
    }
  });

  it('gets sealed reasoning if it asks for it', async () => {
    stub.setDefault(
      answer({ sealedReasoning: [{ id: 'rs_1', encryptedContent: 'x=', summary: ['So.'] }] }),
    );
    const include = ['reasoning.encrypted_content' as const];
    const reasoning = { summary: 'auto' as const };
    const asked = await client.responses.create({ ...PROMPT, include, reasoning });
    expect(asked.output[0]).toEqual({
      id: 'rs_1',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'So.' }],
      encrypted_content: 'x=',
    });
    const unasked = await client.responses.create(PROMPT);
    expect(unasked.output[0]).toEqual({ id: 'rs_1', type: 'reasoning', summary: [] });
  });

  it('gets what a script leaves open as it is: an empty summary, an item of no type', async () => {
    const sealedReasoning = [{ id: 'rs_1', encryptedContent: 'x=', summary: [''] }];
    stub.setDefault(answer({ sealedReasoning, items: [{ id: 'odd_1' }] }));
    const events = await eventsOf({ reasoning: { summary: 'auto' } });
    expect(events.map(({ type }) => type).slice(2)).toEqual([
      'response.output_item.added',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.at(-1)).toMatchObject({
      response: { output: [{ id: 'rs_1' }, { id: 'odd_1' }] },
    });
  });

  it('is told of a model of its own if the request names none', async () => {
    const { model: _, ...bare } = PROMPT;
    const response = await client.responses.create({ ...bare, stream: false });
    expect(response.model).toBe('simulated-model');
  });

  it.each([
    ['length', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ])('is told that an answer is incomplete: %s', async (finishReason, reason) => {
    stub.setDefault(answer({ finishReason }));
    const response = await client.responses.stream(PROMPT).finalResponse();
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason } });
  });

  it('is told that an answer failed, was cancelled or ran into an error', async () => {
    stub.enqueue(failedResponse(1), cancelledResponse(1), responsesErrorEvent(0, { code: 'odd' }));
    expect((await eventsOf()).at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error' } },
    });
    expect((await eventsOf()).at(-1)).toMatchObject({ response: { status: 'cancelled' } });
    await expect(eventsOf()).rejects.toMatchObject({ code: 'odd' });
  });
});
