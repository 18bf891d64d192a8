import { describe, expect, it } from '@jest/globals';
import { warningsOf } from '../src/warnings.ts';
import { load } from './support/config.ts';

const AZURE = 'targets: {azure: {baseUrl: "https://a.openai.azure.com/openai/v1"}}';
const warnings = (yaml: string) => warningsOf(load(yaml));

describe('models and targets that the configuration names', () => {
  it.each(['', `${AZURE}\nfallback: {chains: {"gpt-5*": [azure, azure/gpt-5.4]}}`])(
    'are nothing to warn of if there are such (%s)',
    (yaml) => {
      expect(warnings(yaml)).toEqual([]);
    },
  );

  it.each([
    ['defaultModel: azur/gpt-5.4', 'defaultModel: there is no target azur; did you mean azure?'],
    [
      'fallback: {chains: {"*": [Azure/gpt-5.4]}}',
      'fallback.chains.*: there is no target Azure; did you mean azure?',
    ],
    [
      'defaultModel: gpt-nine',
      'defaultModel: calls are refused: The model gpt-nine is not in the catalogue; allow it with catalogue.unknownModels.',
    ],
    [
      'defaultModel: azure/mine',
      'defaultModel: the catalogue does not know mine: its price and limits are unknown.',
    ],
    [
      'defaultModel: text-embedding-3-small',
      expect.stringMatching(/^defaultModel: calls are refused: /),
    ],
    [
      'defaultModel: gpt-4oo',
      'defaultModel: calls are refused: The model gpt-4oo is not in the catalogue; allow it with catalogue.unknownModels. Did you mean gpt-4o?',
    ],
    [
      'fallback: {chains: {"*": [azur]}}',
      'fallback.chains.*: calls are refused: The model azur is not in the catalogue; allow it with catalogue.unknownModels. Did you mean azure?',
    ],
    [
      'fallback: {chains: {gtp-4o: [gpt-4o-mini]}}',
      'fallback.chains: there is no model gtp-4o; did you mean gpt-4o?',
    ],
    [
      'profiles: {gtp-4o: {temperature: 0.1}}',
      'profiles: there is no model gtp-4o; did you mean gpt-4o?',
    ],
    [
      'dataDir: /data\nbudgets: [{name: a, scope: model, match: gtp-4o, limit: 1}]',
      'budgets a: there is no model gtp-4o; did you mean gpt-4o?',
    ],
  ])('may be wrong (%s)', (yaml, warning) => {
    expect(warnings(`${AZURE}\n${yaml}`)).toEqual([warning]);
  });

  it('may be names of an own upstream, or patterns, where nothing is written nearly like them', () => {
    const profiles = 'profiles: {deepseek-r1: {temperature: 0.1}, "gtp-4*": {temperature: 0.1}}';
    const budgets = 'budgets: [{name: a, scope: user, match: gtp-4o, limit: 1}]\ndataDir: /data';
    expect(warnings(`${AZURE}\n${profiles}\n${budgets}`)).toEqual([]);
  });

  it('may be known by declaration, or have a name with a slash', () => {
    const own = 'baseUrl: http://127.0.0.1:9/v1\ndefaultModel: meta-llama/llama-4';
    const declared = 'catalogue: {declared: [{pattern: meta-llama/*, contextWindow: 9000}]}';
    expect(warnings(`${own}\n${declared}`)).toEqual([]);
    expect(warnings(own)).toEqual([
      'defaultModel: the catalogue does not know meta-llama/llama-4: its price and limits are unknown.',
    ]);
  });

  it('cannot be looked up in a catalogue that is not there', () => {
    expect(() => warnings('catalogue: {file: /nowhere/models.yaml}')).toThrow('cannot be read');
  });
});
