import { describe, expect, it } from '@jest/globals';
import { unknownModel } from '../../../src/core/model.ts';
import { effectiveSettings } from '../../../src/openai/answer/effective-settings.ts';
import { aCall } from '../../support/events.ts';

describe('effectiveSettings', () => {
  it('leaves out what is left to the upstream', () => {
    expect(effectiveSettings(aCall())).toStrictEqual({
      model: 'gpt-test',
      api: 'chat_completions',
      systemPromptAdded: false,
    });
  });

  it('tells every setting, a zero included, the profile, the task and the API', () => {
    const settings = {
      maxTokens: 9,
      temperature: 0,
      topP: 0.5,
      frequencyPenalty: -1,
      presencePenalty: 0,
      reasoningEffort: 'low',
      serviceTier: 'flex',
      verbosity: 'high',
      taskType: 'planning',
    } as const;
    const call = aCall({
      model: 'gpt-test-2026-11-01',
      request: { messages: [], model: 'gpt-test', ...settings },
      target: { model: unknownModel('gpt-test'), surface: 'responses' },
      applied: { profile: 'careful', systemPromptAdded: true, maxTokensAdded: false },
    });
    expect(effectiveSettings(call)).toStrictEqual({
      model: 'gpt-test-2026-11-01',
      ...settings,
      profile: 'careful',
      api: 'responses',
      systemPromptAdded: true,
    });
  });
});
