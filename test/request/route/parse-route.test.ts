import { describe, expect, it } from '@jest/globals';
import { parseRoute, type WrittenRoute } from '../../../src/request/route/parse-route.ts';

const UPSTREAMS = new Set(['default', 'azure', 'gpt-4o']);

describe('parseRoute', () => {
  it.each<[string, string, WrittenRoute]>([
    ['an upstream', 'azure', { upstream: 'azure' }],
    ['the default upstream', 'default', { upstream: 'default' }],
    ['an upstream and a model', 'azure/gpt-5', { upstream: 'azure', model: 'gpt-5' }],
    ['a model', 'gpt-5', { model: 'gpt-5' }],
    ['a model with a slash in its name', 'meta-llama/llama-4', { model: 'meta-llama/llama-4' }],
    ['such a model at an upstream', 'azure/meta/llama', { upstream: 'azure', model: 'meta/llama' }],
    ['an upstream rather than a model of its name', 'gpt-4o', { upstream: 'gpt-4o' }],
    ['an upstream and an empty model', 'azure/', { upstream: 'azure', model: '' }],
    ['a name that only begins like an upstream', 'azure-2/x', { model: 'azure-2/x' }],
    ['nothing', '', { model: '' }],
  ])('reads %s', (_, text, route) => {
    expect(parseRoute(text, UPSTREAMS)).toEqual(route);
  });
});
