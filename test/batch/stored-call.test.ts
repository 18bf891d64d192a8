import { describe, expect, it } from '@jest/globals';
import { restoreCall, storeCall } from '../../src/batch/stored-call.ts';
import { attemptCost } from '../../src/money/pricing/cost.ts';
import { builtInCatalogue, createCatalogue } from '../../src/request/catalogue/catalogue.ts';
import { type DeclaredModel, knownModel } from '../../src/request/catalogue/resolve.ts';
import { aCall, usage } from '../support/events.ts';

const CATALOGUE = builtInCatalogue();
const DECLARED: readonly DeclaredModel[] = ['ft:gpt-4o:*', 'own-*'].map((pattern) => ({
  pattern,
  fields: {
    prices: { standard: { input: '10', output: '20' }, batch: { input: '5', output: '10' } },
  },
}));
const USAGE = usage({ inputTokens: 100, outputTokens: 10 });

function restored(name: string, catalogue = CATALOGUE) {
  const model = knownModel(name, CATALOGUE, DECLARED);
  if (model === undefined) throw new Error(`${name} is not known`);
  const target = { model, surface: 'responses' } as const;
  const text = storeCall(aCall({ model: name, target }), CATALOGUE);
  const { signal } = new AbortController();
  const call = restoreCall(text, { id: 'b/1', startedAt: 0, signal, catalogue });
  const billing = { serviceTier: '', at: Date.now(), catalogueVersion: '', batch: true };
  return { text, model, call, cost: attemptCost(call, USAGE, billing) };
}

describe('the stored call of a batch', () => {
  it.each(['ft:gpt-4o:acme::1', 'own-1'])('prices %s as it was declared', (name) => {
    const { call, cost } = restored(name);
    expect(call.model).toBe(name);
    expect(cost).toMatchObject({ picoDollars: 600_000_000n, unpriced: false });
  });

  it('does not price a fine-tuned model as its base', () => {
    expect(restored('ft:gpt-4o-mini:acme::1').cost).toMatchObject({
      picoDollars: 0n,
      unpriced: true,
    });
  });

  it('takes the row of the catalogue as it is now, and does not carry it', () => {
    const { text, model } = restored('gpt-4o');
    expect(text).not.toContain('prices');
    const changed = { ...model, name: 'changed' };
    const { call } = restored('gpt-4o', createCatalogue('2', [changed]));
    expect(call.target).toEqual({ model: changed, surface: 'responses' });
  });

  it('knows no more than its name of a model that is in the catalogue no more', () => {
    const { call, cost } = restored('gpt-4o', createCatalogue('2', []));
    expect(call.target.model).toMatchObject({ id: 'gpt-4o', capabilities: ['text'] });
    expect(cost.unpriced).toBe(true);
  });
});
