import { describe, expect, it } from '@jest/globals';
import { ModelLabels } from '../../src/telemetry/model-label.ts';

describe('ModelLabels', () => {
  it('tells configured names apart and calls every other name "other"', () => {
    const labels = new ModelLabels(['gpt-a', 'gpt-b']);

    expect(['gpt-a', 'gpt-b', 'gpt-c', ''].map((model) => labels.label(model))).toEqual([
      'gpt-a',
      'gpt-b',
      'other',
      'other',
    ]);
  });

  it('takes in a name once it is admitted', () => {
    const labels = new ModelLabels([]);
    labels.admit('gpt-a');

    expect(labels.label('gpt-a')).toBe('gpt-a');
  });

  it('admits no more names than its limit, the configured ones included', () => {
    const labels = new ModelLabels(['configured'], 2);
    labels.admit('first');
    labels.admit('second');

    expect(labels.label('configured')).toBe('configured');
    expect(labels.label('first')).toBe('first');
    expect(labels.label('second')).toBe('other');
  });

  it.each(['x'.repeat(65), 'two words', 'sk-1\n', 'наме', '-x'])('never admits %j', (name) => {
    const labels = new ModelLabels([]);
    labels.admit(name);
    expect(labels.label(name)).toBe('other');
  });

  it('admits names as gateways write them', () => {
    const labels = new ModelLabels([]);
    labels.admit('accounts/fireworks/models/llama-v3p1@latest:free');
    expect(labels.label('accounts/fireworks/models/llama-v3p1@latest:free')).not.toBe('other');
  });

  it('never makes a label of an empty name', () => {
    const labels = new ModelLabels([]);
    labels.admit('');

    expect(labels.label('')).toBe('other');
  });
});
