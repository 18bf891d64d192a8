import { describe, expect, it, jest } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import { unknownModel } from '../../../src/core/model.ts';
import { PromptSizes } from '../../../src/request/tokens/prompt-sizes.ts';
import type { TokenCounter } from '../../../src/request/tokens/token-counter.ts';
import { aCall } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

type Counter = Pick<TokenCounter, 'count' | 'countText'>;

/** 7: four for the message, three for its 12 characters. */
const GUESS = 7;

const counted = (inputTokens: number) => ({
  inputTokens,
  estimated: false,
  model: 'gpt-test',
  tokenizer: 'o200k_base' as const,
  contextWindow: 0,
});

function setUp() {
  const clock = new FakeClock();
  const count = jest.fn<Counter['count']>(async () => counted(5));
  const countText = jest.fn<Counter['countText']>(async (_model, text) => text.length);
  return { clock, count, countText, sizes: new PromptSizes({ count, countText }, clock) };
}

/** Counts until the signal aborts. */
function endless(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

describe('PromptSizes', () => {
  it('counts a prompt once, for every stage that asks', async () => {
    const { sizes, count } = setUp();
    const call = aCall();
    expect(sizes.estimate(call)).toBe(GUESS);
    expect(await sizes.count(call)).toBe(5);
    expect(await sizes.count({ ...call, attempt: 2 })).toBe(5);
    expect(await sizes.spentInput(call)).toBe(5);
    expect(sizes.estimate(call)).toBe(5);
    expect(count).toHaveBeenCalledTimes(1);
  });

  it('counts a prompt anew for another model, and for another prompt', async () => {
    const { sizes, count } = setUp();
    const call = aCall();
    await sizes.count(call);
    const model = unknownModel('gpt-other');
    await sizes.count({ ...call, target: { ...call.target, model } });
    await sizes.count({ ...call, request: { messages: [] } });
    expect(count.mock.calls.map(([, { id }]) => id)).toEqual(['gpt-test', 'gpt-other', 'gpt-test']);
  });

  it('bounds a prompt by its bytes', () => {
    const { sizes } = setUp();
    expect(sizes.atMost(aCall())).toBe(32 + 16 + 12);
  });

  it('takes the bound for a prompt that cannot be counted', async () => {
    const { sizes, count } = setUp();
    count.mockRejectedValueOnce(new ProviderError('INTERNAL'));
    expect(await sizes.count(aCall())).toBe(60);
    expect(await sizes.count(aCall())).toBe(5);
  });

  it('stops counting with the call, for its reason', async () => {
    const { sizes, count } = setUp();
    count.mockImplementation((_name, _model, _request, signal) => endless(signal));
    const controller = new AbortController();
    const counting = sizes.count(aCall({ signal: controller.signal }));
    const reason = new ProviderError('CANCELLED');
    controller.abort(reason);
    await expect(counting).rejects.toBe(reason);
  });

  it('counts what an attempt spent after its call was cancelled', async () => {
    const { sizes } = setUp();
    const call = aCall({ signal: AbortSignal.abort(new ProviderError('CANCELLED')) });
    expect(await sizes.spentInput(call)).toBe(5);
    expect(await sizes.outputTokens(call, 'four')).toBe(4);
  });

  it('guesses what takes longer than a second', async () => {
    const { sizes, clock, count, countText } = setUp();
    count.mockImplementation((_name, _model, _request, signal) => endless(signal));
    countText.mockImplementation((_model, _text, signal) => endless(signal));
    const call = aCall();
    const both = Promise.all([sizes.spentInput(call), sizes.outputTokens(call, 'a dozen here')]);
    clock.advance(1_000);
    expect(await both).toEqual([GUESS, 3]);
    expect(clock.pending).toBe(0);
  });

  it('guesses what the worker fails to count, and leaves no timer', async () => {
    const { sizes, clock, count, countText } = setUp();
    count.mockRejectedValue(new ProviderError('SHUTTING_DOWN'));
    countText.mockRejectedValue(new ProviderError('SHUTTING_DOWN'));
    expect(await sizes.spentInput(aCall())).toBe(GUESS);
    expect(await sizes.outputTokens(aCall(), '12345')).toBe(2);
    expect(clock.pending).toBe(0);
  });

  it('guesses an answer that is longer than a model writes', async () => {
    const { sizes, countText } = setUp();
    expect(await sizes.outputTokens(aCall(), 'word'.repeat(2 ** 18))).toBe(2 ** 20);
    expect(await sizes.outputTokens(aCall(), 'word'.repeat(2 ** 18 + 1))).toBe(2 ** 18 + 1);
    expect(countText).toHaveBeenCalledTimes(1);
  });

  it('never guesses more than the bound', async () => {
    const { sizes, count } = setUp();
    count.mockRejectedValue(new ProviderError('INTERNAL'));
    const image = { type: 'image', uri: 'https://example.com/a.png', detail: 'low' } as const;
    const target = { model: unknownModel('gpt-4o'), surface: 'chat_completions' } as const;
    const call = aCall({ target, request: { messages: [{ role: 'user', content: [image] }] } });
    expect(sizes.estimate(call)).toBeGreaterThan(sizes.atMost(call));
    expect(await sizes.spentInput(call)).toBe(sizes.atMost(call));
  });

  it('asks nobody for the tokens of no text', async () => {
    const { sizes, countText } = setUp();
    expect(await sizes.outputTokens(aCall(), '')).toBe(0);
    expect(countText).not.toHaveBeenCalled();
  });
});
