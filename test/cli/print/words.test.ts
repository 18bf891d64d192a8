import { describe, expect, it } from '@jest/globals';
import {
  count,
  dollars,
  moment,
  money,
  named,
  several,
  time,
} from '../../../src/cli/print/words.ts';
import { BatchState } from '../../../src/gen/tamma/provider/v1/batch_provider.ts';
import { Cost } from '../../../src/gen/tamma/provider/v1/usage.ts';

const cost = (fields: Partial<Cost>) => Cost.fromPartial(fields);

describe('words of', () => {
  it.each([
    [undefined, ''],
    [cost({ usd: '0.0012' }), '$0.0012'],
    [cost({ usd: '0.0012', estimated: true }), '~$0.0012'],
    [cost({}), '$0'],
    [cost({ usd: '0', unpriced: true }), 'unpriced'],
    [cost({ usd: '', unpriced: true }), 'unpriced'],
    [cost({ usd: '0.5', unpriced: true }), '$0.5'],
  ])('a cost %j', (given, words) => expect(dollars(given)).toBe(words));

  it.each([
    [undefined, ''],
    [{ units: 0n, nanos: 0 }, '$0.00'],
    [{ units: 2n, nanos: 500_000_000 }, '$2.50'],
    [{ units: 12n, nanos: 1 }, '$12.000000001'],
  ])('an amount %j', (given, words) => {
    expect(money(given && { currencyCode: 'USD', ...given })).toBe(words);
  });

  it.each([
    [undefined, ''],
    [{ seconds: 0n, nanos: 412_400_000 }, '412 ms'],
    [{ seconds: 2n, nanos: 345_000_000 }, '2.3 s'],
    [{ seconds: 61n, nanos: 0 }, '1 min 1 s'],
    [{ seconds: 11_520n, nanos: 0 }, '3 h 12 min'],
    [{ seconds: 172_799n, nanos: 0 }, '47 h 59 min'],
    [{ seconds: 183_600n, nanos: 0 }, '2 d 3 h'],
  ])('a time %j', (given, words) => expect(time(given)).toBe(words));

  it.each([
    [undefined, ''],
    [{ seconds: 1_795_894_200n, nanos: 5 }, '2026-11-28 19:30:00Z'],
  ])('a moment %j', (given, words) => expect(moment(given)).toBe(words));

  it.each([
    [BatchState.CANCELLING, 'cancelling'],
    [BatchState.UNSPECIFIED, ''],
    [999, ''],
  ])('the value %d of an enum', (given, words) => expect(named(BatchState, given)).toBe(words));

  it('numbers', () => {
    expect([
      count(1_234_567n),
      several(1, 'item'),
      several(0, 'item'),
      several(1_000, 'item'),
    ]).toEqual(['1,234,567', '1 item', '0 items', '1,000 items']);
  });
});
