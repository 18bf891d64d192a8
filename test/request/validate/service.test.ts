import { describe, expect, it } from '@jest/globals';
import { fieldsOf, LONE_SURROGATE } from './refusals.ts';

describe('response format, service and metadata', () => {
  it('refuses malformed formats', () => {
    expect(
      fieldsOf({
        responseFormat: { type: 'json_schema', name: '', schema: '', description: LONE_SURROGATE },
      }),
    ).toEqual([
      'request.response_format.json_schema.name',
      'request.response_format.json_schema.schema',
      'request.response_format.json_schema.description',
    ]);
    expect(fieldsOf({ responseFormat: { type: 'xml' } as never })).toEqual([
      'request.response_format',
    ]);
    expect(fieldsOf({ responseFormat: { type: 'text' } })).toEqual([]);
  });

  it('refuses texts that are too long, by bytes', () => {
    expect(
      fieldsOf({
        reasoningEffort: 'x'.repeat(65),
        serviceTier: 'a\n',
        promptCacheKey: 'ä'.repeat(513),
        safetyIdentifier: 'ä'.repeat(33),
        reasoningSummary: 'long',
        verbosity: 'loud',
        promptCacheRetention: '1h',
        promptCacheOptions: { mode: 'auto', ttl: '24h' },
        prediction: LONE_SURROGATE,
      }),
    ).toEqual([
      'request.reasoning_effort',
      'request.service_tier',
      'request.prompt_cache_key',
      'request.safety_identifier',
      'request.reasoning_summary',
      'request.verbosity',
      'request.prompt_cache_retention',
      'request.prompt_cache_options.mode',
      'request.prompt_cache_options.ttl',
      'request.prediction',
    ]);
    expect(fieldsOf({ safetyIdentifier: 'ä'.repeat(32) })).toEqual([]);
  });

  it('refuses metadata over its limits', () => {
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, '']));
    expect(fieldsOf({ metadata: many })).toEqual(['request.metadata']);
    expect(fieldsOf({ metadata: { '': 'v' } })).toEqual(['request.metadata']);
    expect(fieldsOf({ metadata: { ['k'.repeat(65)]: 'v' } })).toEqual(['request.metadata']);
    expect(
      fieldsOf({ metadata: { a: '\u001b[2J', project_id: '\u001b[2J', userId: 'a\rb' } }),
    ).toEqual(['request.metadata[project_id]', 'request.metadata[userId]']);
    expect(fieldsOf({ metadata: { 'a\n': 'v' } })).toEqual(['request.metadata']);
    expect(fieldsOf({ metadata: { a: 'ä'.repeat(257), b: LONE_SURROGATE } })).toEqual([
      'request.metadata[a]',
      'request.metadata[b]',
    ]);
  });

  it('refuses malformed fallback models', () => {
    expect(fieldsOf({ fallbackModels: [...'abcdefgh', 'a\n'] })).toEqual([
      'request.fallback_models',
      'request.fallback_models[8]',
    ]);
  });
});
