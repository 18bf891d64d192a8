import { describe, expect, it } from '@jest/globals';
import { DEFAULT_PROFILES } from '../src/provider/profiles/defaults.ts';
import { providerOptions } from '../src/provider-options.ts';
import { load } from './support/config.ts';

const options = (yaml: string) => providerOptions(load(yaml), '1.2.3');

describe('providerOptions', () => {
  it('holds what a configuration says that says nothing', () => {
    expect(options('')).toStrictEqual({
      apiKey: 'test-key',
      baseUrl: 'https://api.openai.com/v1',
      version: '1.2.3',
      defaultModel: 'gpt-5.4-mini',
      timeouts: { connectMs: 5_000, headersMs: 30_000, firstTokenMs: 600_000, idleMs: 30_000 },
      resolve: { openAI: true, unknownModels: 'refuse', shutDownModels: 'refuse', declared: [] },
      profiles: DEFAULT_PROFILES,
      dropUnsupported: false,
    });
  });

  it('holds what is configured', () => {
    const yaml = `
organization: org-1
project: proj_1
api: responses
dropUnsupported: true
catalogue: {file: models.yaml, shutDownModels: redirect}
profiles: {gpt-4: null}
tasks: {planning: {maxTokens: 9}}
`;
    const { 'gpt-4': _, ...models } = DEFAULT_PROFILES.models;
    expect(options(yaml)).toMatchObject({
      organization: 'org-1',
      project: 'proj_1',
      surface: 'responses',
      dropUnsupported: true,
      catalogueFile: 'models.yaml',
      resolve: { shutDownModels: 'redirect' },
      profiles: { models, tasks: { ...DEFAULT_PROFILES.tasks, planning: { maxTokens: 9 } } },
    });
    expect(options(yaml).profiles?.models).not.toHaveProperty('gpt-4');
  });

  it.each([
    ['https://api.openai.com/v1', 'auto', 'refuse'],
    ['https://eu.api.openai.com/v1', 'auto', 'refuse'],
    ['http://localhost:11434/v1', 'auto', 'allow'],
    ['https://api.openai.com/v1', 'allow', 'allow'],
    ['http://localhost:11434/v1', 'refuse', 'refuse'],
  ])(
    'at %s, %s means that unknown models are subject to: %s',
    (baseUrl, unknownModels, expected) => {
      const { resolve } = options(
        `{baseUrl: "${baseUrl}", catalogue: {unknownModels: ${unknownModels}}}`,
      );
      expect(resolve?.unknownModels).toBe(expected);
    },
  );

  it('takes declared models, whose tokenizer is not a guess once it is named', () => {
    const { resolve } = options(`
catalogue:
  declared:
    - {pattern: "a*", contextWindow: 9}
    - {pattern: b, tokenizer: cl100k_base}
`);
    expect(resolve?.declared).toEqual([
      { pattern: 'a*', fields: { contextWindow: 9 } },
      { pattern: 'b', fields: { tokenizer: 'cl100k_base', tokenizerAssumed: false } },
    ]);
  });
});
