import { expect, it } from '@jest/globals';
import { toMoney, toWireCost } from '../../../src/server/convert/money.ts';
import { DOLLAR } from '../../support/fake-provider.ts';

it.each([
  ['nothing', 0n, 0n, 0],
  ['less than half a nano-dollar', 499n, 0n, 0],
  ['half a nano-dollar, up', 500n, 0n, 1],
  ['just below a dollar, up to it', DOLLAR - 1n, 1n, 0],
  ['whole dollars', 3n * DOLLAR, 3n, 0],
  ['a price per token', 1_250_000n, 0n, 1_250],
  ['dollars and nano-dollars', 12n * DOLLAR + 1_499n, 12n, 1],
  ['more than a double holds exactly', 2n ** 53n * DOLLAR + 1_000n, 2n ** 53n, 1],
])('rounds %s', (_name, picoDollars, units, nanos) => {
  expect(toMoney(picoDollars)).toEqual({ currencyCode: 'USD', units, nanos });
});

it('tells an estimate and a part without a price', () => {
  const cost = { picoDollars: 0n, catalogueVersion: 'v1', estimated: true, unpriced: true };
  expect(toWireCost(cost)).toEqual({
    total: { currencyCode: 'USD', units: 0n, nanos: 0 },
    priceCatalogueVersion: 'v1',
    estimated: true,
    unpriced: true,
    usd: '0',
  });
});

it('says a sum that Money rounds exactly', () => {
  const cost = {
    picoDollars: 10_500_001n,
    catalogueVersion: '',
    estimated: false,
    unpriced: false,
  };
  expect(toWireCost(cost)).toMatchObject({
    total: { units: 0n, nanos: 10_500 },
    usd: '0.000010500001',
  });
});
