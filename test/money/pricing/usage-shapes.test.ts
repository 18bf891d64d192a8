import { describe, expect, it } from '@jest/globals';
import type { Model } from '../../../src/core/model.ts';
import { attemptCost } from '../../../src/money/pricing/cost.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { openUpstream } from '../../openai/open-upstream.ts';
import { aCall } from '../../support/events.ts';
import { answerOf, CASE_FILES, readCase } from '../../wire/case.ts';
import golden from './golden.json' with { type: 'json' };

/** What answers cost however their server says what they used, as another program computed it. */
const BILLING = {
  serviceTier: 'default',
  at: Date.parse('2026-11-22T12:00:00Z'),
  catalogueVersion: '1',
};

function bodyOf(events: readonly unknown[]): string {
  return events
    .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    .join('');
}

function modelOf(name: string): Model {
  const model = builtInCatalogue().find(name);
  if (model === undefined) throw new Error(`The catalogue has no ${name}.`);
  return model;
}

describe('the cost of usage in every shape', () => {
  it.each(
    golden.shapes.map(
      (shape) => [`${shape.model}, ${shape.surface}: ${shape.kind}`, shape] as const,
    ),
  )('%s', async (_, shape) => {
    const { upstream } = await openUpstream((exchange) => {
      exchange.headers(200, { 'content-type': 'text/event-stream' });
      exchange.raw(bodyOf(shape.events));
      exchange.end();
    });
    const model = modelOf(shape.model);
    const surface = shape.surface as 'chat_completions' | 'responses';
    const request = { messages: [{ role: 'user' as const, content: 'Hi' }] };
    const call = aCall({ request, target: { model, surface } });
    const { usage } = await upstream.answer(call, () => {});
    expect(usage.estimated).toBe(shape.picoDollars === null);
    if (shape.picoDollars === null) return;
    expect(attemptCost(call, usage, BILLING)).toMatchObject({
      picoDollars: BigInt(shape.picoDollars),
      unpriced: false,
    });
  });
});

describe('the cost of answers as servers really send them', () => {
  it.each(golden.wire)('%s', async (line) => {
    const [file = '', name = '', picoDollars = ''] = line.split(' ');
    const { call, events } = await answerOf(readCase(file), modelOf(name));
    const completed = events.at(-1);
    if (completed?.type !== 'completed') throw new Error('not completed');
    expect(attemptCost(call, completed.usage, BILLING)).toEqual({
      picoDollars: BigInt(picoDollars),
      catalogueVersion: BILLING.catalogueVersion,
      estimated: false,
      unpriced: false,
    });
  });

  it('is computed for all that say what was used (golden.py)', () => {
    const said = CASE_FILES.filter((file) => {
      const { usage } = readCase(file).outcome;
      // Of audio, text models have no price.
      return usage !== undefined && usage.estimated !== true && !usage.audioInputTokens;
    });
    expect([...new Set(golden.wire.map((line) => line.split(' ')[0]))]).toEqual(said);
    expect(said.length).toBeGreaterThan(30);
  });
});
