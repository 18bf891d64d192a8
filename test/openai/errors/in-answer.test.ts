import { describe, expect, it } from '@jest/globals';
import { errorIn, readErrorData, StrayErrors } from '../../../src/openai/errors/in-answer.ts';

describe('errorIn', () => {
  it.each<[string, object]>([
    ['an error', { error: { code: 1 } }],
    ['an error as a text', { error: 'no' }],
    ["vLLM's", { object: 'error', message: 'no' }],
    ["FastAPI's", { detail: 'no' }],
    ["Cloudflare's", { errors: [{ code: 1 }] }],
    ['one without a frame', { code: 'bad', message: 'no' }],
    ["Baidu's", { error_code: 17, error_msg: 'no' }],
    ["Zhipu's", { code: 1113, msg: 'no', success: false }],
    ['one that says only that it failed', { success: false, message: 'no' }],
    ["iFlow's", { status: '449', msg: 'no', body: null }],
    ['an error beside a choice', { error: { code: 1 }, choices: [{ delta: {} }] }],
  ])('finds %s', (_, answer) => {
    expect(errorIn(answer)).toBe(answer);
  });

  it.each([
    { promptFeedback: { blockReason: 'SAFETY' } },
    { choices: [], prompt_feedback: { block_reason: 'SAFETY' } },
  ])('finds the refusal of a prompt in %j', (answer) => {
    expect(errorIn(answer)).toEqual({ code: 'content_filter', message: 'SAFETY' });
  });

  it('finds an error in a choice', () => {
    expect(errorIn({ choices: [{ delta: {}, error: { code: 502 } }] })).toEqual({ code: 502 });
  });

  it.each<[string, object]>([
    ['a chunk', { object: 'chat.completion.chunk', choices: [{ delta: { content: 'x' } }] }],
    ['a chunk with an empty error', { error: null, choices: [{ delta: {}, error: null }] }],
    ['usage', { choices: [], usage: {} }],
    ["Azure's verdict", { choices: [], prompt_filter_results: [] }],
    ['an event of the other API', { type: 'response.code.delta', code: 'x', message: 'y' }],
    ['a whole answer', { object: 'response', output: [], error: null, message: 'm', code: null }],
    ['nothing', {}],
    ['a prompt that passed', { promptFeedback: { safetyRatings: [] } }],
    ['a status of success', { status: 200, message: 'Success' }],
    ['a code of 0', { code: 0, message: 'Success', choices: [], usage: {} }],
    ['lists and texts of nothing', { errors: [], detail: '', choices: [], usage: {} }],
    ['a detail that is null', { errors: null, detail: null }],
    ['choices of another kind', { choices: 'none' }],
    ['a choice that is none', { choices: [null] }],
  ])('finds none in %s', (_, answer) => {
    expect(errorIn(answer)).toBeUndefined();
  });
});

it('takes the data of an event error for JSON or for a sentence', () => {
  expect(readErrorData('{"code":1}')).toEqual({ code: 1 });
  expect(readErrorData('Bad Gateway')).toBe('Bad Gateway');
});

describe('StrayErrors', () => {
  const read = (...lines: readonly string[]) => {
    const stray = new StrayErrors();
    return lines.map((line) => stray.add(line)).find((found) => found !== undefined);
  };

  it("finds llama.cpp's field", () => {
    expect(read('error: {"code":500}')).toBe('{"code":500}');
  });

  it('finds JSON on one line and on several', () => {
    expect(read('{"error":{"code":1}}')).toBe('{"error":{"code":1}}\n');
    expect(JSON.parse(read('{', '"error": {', '"code": 1', '}', '}') ?? '')).toEqual({
      error: { code: 1 },
    });
    expect(read('[{"error":{"code":1}}]')).toBe('[{"error":{"code":1}}]\n');
  });

  it.each([
    ['fields that are no error', 'errors: none', 'event-source'],
    ['JSON that is no error', '{"choices":[{"delta":{}}]}'],
    ['a brace that never closes', '{', 'x'.repeat(40_000), 'x'.repeat(40_000), 'x}'],
  ])('finds none in %s', (_, ...lines) => {
    expect(read(...lines)).toBeUndefined();
  });

  it('looks at lines that may belong to one, and at no others', () => {
    const stray = new StrayErrors();
    const first = (text: string) => stray.mayTake(Buffer.from(text)[0], text.length);
    expect(['{', '[', 'error: x', 'id: 1', ': ping', 'retry: 1'].map(first)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    stray.add('{');
    expect(first('  "x": 1')).toBe(true);
    expect(stray.mayTake(0x7b, 100_000)).toBe(false);
  });
});
