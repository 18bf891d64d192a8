import { describe, expect, it } from '@jest/globals';
import { attemptCost } from '../../../src/money/pricing/cost.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { openUpstream } from '../../openai/open-upstream.ts';
import { aCall } from '../../support/events.ts';
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
    const model = builtInCatalogue().find(shape.model);
    if (model === undefined) throw new Error(`The catalogue has no ${shape.model}.`);
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
