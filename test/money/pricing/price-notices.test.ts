import { describe, expect, it } from '@jest/globals';
import { PriceNotices } from '../../../src/money/pricing/price-notices.ts';
import { describeModel } from '../../../src/provider/model-info.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { NO_HOSTED_TOOLS } from '../../../src/request/fit/hosted-tool-options.ts';

const UNTIL = Date.UTC(2026, 10, 21);
const DAY_MS = 86_400_000;
const WARNING =
  'The price of gpt-5.6-sol was promised until 2026-11-21 only, and may be another since.';

const sol = builtInCatalogue().find('gpt-5.6-sol');
const other = builtInCatalogue().find('gpt-5.6-terra');
if (sol === undefined || other === undefined) throw new Error('The catalogue lacks a model.');

describe('a price that was promised until a day', () => {
  it('is told of once, when the day is over and the price is used', () => {
    const lines: string[] = [];
    const notices = new PriceNotices({ warn: (_, message) => lines.push(message) });
    notices.priced(sol, UNTIL + DAY_MS - 1);
    notices.priced(other, UNTIL + DAY_MS);
    expect(lines).toEqual([]);
    for (let count = 0; count < 3; count += 1) notices.priced(sol, UNTIL + DAY_MS);
    expect(lines).toEqual([WARNING]);
  });

  it('says so in the list of models, where it is OpenAI that asks it', () => {
    const warnings = (now: number, openAI = true) =>
      describeModel(sol, {
        name: sol.id,
        available: true,
        announcedShutdown: '',
        openAI,
        hostedTools: NO_HOSTED_TOOLS,
        now,
      }).warnings;
    expect(warnings(UNTIL)).toEqual([]);
    expect(warnings(UNTIL + DAY_MS)).toEqual([WARNING]);
    expect(warnings(UNTIL + DAY_MS, false)).toEqual([]);
  });
});
