import { describe, expect, it } from '@jest/globals';
import type { MessageRequest } from '../../../src/core/message.ts';
import { routeName } from '../../../src/core/route.ts';
import type { TargetShare } from '../../../src/request/route/options.ts';
import { finder, type RoutingOptions, routesOf } from '../../../src/request/route/routes-of.ts';

const OPTIONS: RoutingOptions = {
  home: 'default',
  defaultModel: 'gpt-default',
  chainOf: finder<readonly string[]>([]),
  sharesOf: finder<readonly TargetShare[]>([]),
  upstreams: new Set(['default', 'azure', 'local']),
  idOf: (model) => (model === 'gpt-5-2026' ? 'gpt-5' : undefined),
};

function routes(request: Partial<MessageRequest>, options: Partial<RoutingOptions> = {}) {
  const found = routesOf({ messages: [], ...request }, { ...OPTIONS, ...options });
  return [found.primary, ...found.alternatives].map(routeName);
}

describe('the primary route', () => {
  it.each<[string, Partial<MessageRequest>, string]>([
    ['the default model where none is named', {}, 'default/gpt-default'],
    ['the default model where an empty one is named', { model: '' }, 'default/gpt-default'],
    ['the model at the default upstream', { model: 'gpt-5' }, 'default/gpt-5'],
    ['the model at the upstream that is named', { model: 'azure/gpt-5' }, 'azure/gpt-5'],
    ['the default model at an upstream alone', { model: 'azure' }, 'azure/gpt-default'],
  ])('is %s', (_, request, route) => {
    expect(routes(request)).toEqual([route]);
  });

  it('may be at another upstream by default', () => {
    const defaultModel = 'azure/gpt-5';
    expect(routes({}, { defaultModel })).toEqual(['azure/gpt-5']);
    expect(routes({ model: 'gpt-6' }, { defaultModel })).toEqual(['default/gpt-6']);
    expect(routes({ model: 'local' }, { defaultModel })).toEqual(['local/gpt-5']);
  });

  it('has no model where only an upstream is the default', () => {
    expect(routes({}, { defaultModel: 'azure' })).toEqual(['azure/']);
  });
});

describe('the alternatives', () => {
  it('are those of the request, in its order', () => {
    const fallbackModels = ['azure', 'gpt-4o', 'local/llama-4'];
    expect(routes({ model: 'gpt-5', fallbackModels })).toEqual([
      'default/gpt-5',
      'azure/gpt-5',
      'default/gpt-4o',
      'local/llama-4',
    ]);
  });

  it("are at the primary's upstream where they name none", () => {
    const fallbackModels = ['gpt-4o', 'default', 'azure/gpt-4o'];
    expect(routes({ model: 'azure/gpt-5', fallbackModels })).toEqual([
      'azure/gpt-5',
      'azure/gpt-4o',
      'default/gpt-5',
    ]);
  });

  it('are tried once each', () => {
    const fallbackModels = ['default', 'azure', 'gpt-5', 'azure/gpt-5', 'azure'];
    expect(routes({ model: 'gpt-5', fallbackModels })).toEqual(['default/gpt-5', 'azure/gpt-5']);
  });

  const chainOf = finder<readonly string[]>([
    ['gpt-none', []],
    ['gpt-5', ['azure']],
    ['gpt-*', ['local/llama-4', 'azure/gpt-4o']],
  ]);

  it.each([
    ['the first chain that fits the model', 'gpt-5', ['azure/gpt-5']],
    ['a chain of the model of a snapshot', 'gpt-5-2026', ['azure/gpt-5-2026']],
    ['a chain that is empty, which is nowhere', 'gpt-none', []],
    ['a chain whose pattern fits', 'gpt-6', ['local/llama-4', 'azure/gpt-4o']],
    ['none where no chain fits', 'o3', []],
    ['a chain of the model wherever it is asked', 'local/gpt-5', ['azure/gpt-5']],
  ])('are configured: %s', (_, model, expected) => {
    expect(routes({ model }, { chainOf }).slice(1)).toEqual(expected);
    expect(routes({ model, fallbackModels: [] }, { chainOf }).slice(1)).toEqual(expected);
  });

  it('are not the configured ones where the request has its own', () => {
    expect(routes({ model: 'gpt-5', fallbackModels: ['o3'] }, { chainOf })).toEqual([
      'default/gpt-5',
      'default/o3',
    ]);
  });
});
