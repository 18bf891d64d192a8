import { afterEach, describe, expect, it } from '@jest/globals';
import type { Endpoint } from '../../../src/simulator/endpoint.ts';
import { parseScript } from '../../../src/simulator/script/load.ts';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { contentOf, postChat, STREAM } from '../../support-tests/post-chat.ts';

let simulator: Endpoint | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

/** What a rule's only answer is. */
async function answered(rule: object, { stream = false } = {}) {
  simulator = await startSimulator(parseScript({ rules: [rule] }, 'script'));
  return postChat(simulator.url, { ...STREAM, stream });
}

const messageOf = (text: string) => JSON.parse(text).choices[0].message;

describe('a reply', () => {
  const GREETING = 'Hello from the simulator.';

  it.each([
    ['nothing', {}, { content: GREETING }],
    ['a text', { text: 'Hi' }, { content: 'Hi' }],
    ['pieces', { pieces: ['H', 'i'] }, { content: 'Hi' }],
    ['a refusal', { refusal: 'No.' }, { content: null, refusal: 'No.' }],
    ['a refusal and a text', { refusal: 'No.', text: 'Hi' }, { content: 'Hi', refusal: 'No.' }],
    ['reasoning', { reasoning: 'Hm.' }, { content: GREETING, reasoning_content: 'Hm.' }],
    [
      'a call with an id and a text for arguments',
      { toolCalls: [{ name: 'f', arguments: '{"broken', id: 'call_1' }] },
      {
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"broken' } },
        ],
      },
    ],
    [
      'a call of a custom tool',
      { toolCalls: [{ name: 'shell', arguments: 'ls', custom: true }] },
      { tool_calls: [{ type: 'custom', custom: { name: 'shell', input: 'ls' } }] },
    ],
    [
      'two calls without ids',
      { toolCalls: [{ name: 'f' }, { name: 'f', arguments: { a: 1 } }] },
      {
        tool_calls: [
          { id: expect.stringMatching(/^call_\w{24}$/), function: { arguments: '{}' } },
          { function: { arguments: '{"a":1}' } },
        ],
      },
    ],
  ])('of %s', async (_, reply, message) => {
    expect(messageOf((await answered({ reply })).text)).toMatchObject(message);
  });

  it('names the service tier, and what of the prompt was cached', async () => {
    const usage = { inputTokens: 9, cacheWriteTokens: 4 };
    const { text } = await answered({ reply: { serviceTier: 'flex', usage } });
    expect(JSON.parse(text)).toMatchObject({
      service_tier: 'flex',
      usage: { prompt_tokens: 9, prompt_tokens_details: { cache_write_tokens: 4 } },
    });
  });

  it('leaves alone the figures that it does not name', async () => {
    const { text } = await answered({ reply: { text: 'one two', usage: { reasoningTokens: 1 } } });
    const { usage } = JSON.parse(text);
    expect(usage).toMatchObject({
      prompt_tokens: expect.any(Number),
      completion_tokens_details: { reasoning_tokens: 1 },
    });
    expect(usage.prompt_tokens).toBeGreaterThan(0);
  });
});

describe('a delay', () => {
  it.each([
    ['of the headers', { headers: 20 }, true],
    ['of the first piece', { firstPiece: 20 }, true],
    ['of the first piece of an answer that is no stream', { firstPiece: 20 }, false],
  ])('%s changes nothing of the answer', async (_, delay, stream) => {
    const began = performance.now();
    const { status, text } = await answered({ delay, reply: 'Late.' }, { stream });
    expect(performance.now() - began).toBeGreaterThanOrEqual(19);
    expect([status, stream ? contentOf(text) : messageOf(text).content]).toEqual([200, 'Late.']);
  });
});

describe('a fault', () => {
  it.each([
    [
      429,
      {
        type: 'requests',
        code: 'rate_limit_exceeded',
        message: 'The simulator answers 429, as it was told.',
        param: null,
      },
    ],
    [
      { name: 400, type: 't', code: 'c', param: 'p', message: 'm' },
      { type: 't', code: 'c', param: 'p', message: 'm' },
    ],
    [
      { name: 'error_with_200', param: 'p' },
      { code: 'server_error', param: 'p' },
    ],
    [
      { name: 'error_event', message: 'm' },
      { code: 'server_error', message: 'm' },
    ],
    [
      { name: 'failed', type: 't' },
      { code: 'server_error', type: 't' },
    ],
  ])('%j says in its error what it was told', async (fault, error) => {
    const { text } = await answered({ fault });
    expect(JSON.parse(text).error).toMatchObject(error);
  });

  it('slow comes byte by byte where nothing else is said', async () => {
    const { text } = await answered(
      { fault: { name: 'slow', every: 0 }, reply: 'Hi' },
      { stream: true },
    );
    expect(contentOf(text)).toBe('Hi');
  });

  it('huge is of a mebibyte where nothing else is said', async () => {
    const { text } = await answered({ fault: 'huge' }, { stream: true });
    expect(contentOf(text).length).toBeGreaterThanOrEqual(1_048_576);
  });
});
