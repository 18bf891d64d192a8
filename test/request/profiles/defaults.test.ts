import { describe, expect, it } from '@jest/globals';
import { DEFAULT_PROFILES, withDefaultProfiles } from '../../../src/request/profiles/defaults.ts';

describe('withDefaultProfiles', () => {
  it('keeps the built-in ones where nothing is given', () => {
    expect(withDefaultProfiles({ models: {}, tasks: {} })).toEqual(DEFAULT_PROFILES);
  });

  it('replaces a built-in one whole and adds others', () => {
    const { models, tasks } = withDefaultProfiles({
      models: { 'gpt-4': { temperature: 1 }, 'llama-*': { maxTokens: 9 } },
      tasks: { reasoning: {}, planning: { maxTokens: 9 } },
    });
    expect(models).toEqual({
      ...DEFAULT_PROFILES.models,
      'gpt-4': { temperature: 1 },
      'llama-*': { maxTokens: 9 },
    });
    expect(tasks).toEqual({ ...DEFAULT_PROFILES.tasks, reasoning: {}, planning: { maxTokens: 9 } });
  });

  it('switches off what is null', () => {
    const off = withDefaultProfiles({
      models: { 'gpt-4': null, 'gpt-3.5-turbo': null, 'o1-preview': null },
      tasks: { code_generation: null, reasoning: null, analysis: null, planning: null },
    });
    expect(off).toEqual({ models: {}, tasks: {} });
  });
});
