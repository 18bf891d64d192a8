import { describe, expect, it } from '@jest/globals';
import { rejectionOf } from '../../../src/simulator/strict/strict.ts';
import { checkContext } from '../../../src/simulator/strict/strict-context.ts';
import { servedModel } from '../../../src/simulator/strict/strict-models.ts';

const TODAY = '2026-11-22';

describe('the strict simulator', () => {
  it('takes a defect of its own for no refusal', () => {
    const body = { model: 'gpt-4.1', messages: [], n: 1n };
    expect(() => rejectionOf({ path: '/v1/chat/completions', body }, TODAY)).toThrow(TypeError);
  });

  it('refuses no length of a model whose window it does not know', () => {
    const { window, maxInput: _, ...unknown } = servedModel('gpt-4o', TODAY);
    const long = ['word '.repeat((window ?? 0) + 1)];
    expect(() => checkContext({ ...unknown, window: 9 }, long, 'input')).toThrow('9 tokens');
    expect(() => checkContext(unknown, long, 'input')).not.toThrow();
  });
});
