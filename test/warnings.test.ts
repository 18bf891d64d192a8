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
  ])('may be wrong (%s)', (yaml, warning) => {
    expect(warnings(`${AZURE}\n${yaml}`)).toEqual([warning]);
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
