import { describe, expect, it } from '@jest/globals';
import { labelsOf, totalsOf } from '../../../src/shared-store/totals/group.ts';

describe('totals in the shared store', () => {
  it('are read, those of versions without a sender, too', () => {
    const labels = { day: '1970-01-01', model: 'm', userId: 'u', projectId: 'p' };
    expect(labelsOf('["m","u","p","t","completed"]', 0)).toMatchObject(labels);
    expect(labelsOf('["m","u","p","t","completed","s"]', 0)).toMatchObject(labels);
    expect(totalsOf('1 0 0 3 4 0 0 0 2 5')).toMatchObject({
      attempts: 1,
      outputTokens: 4,
      picoDollars: 2_000_005n,
    });
  });

  it.each(['{', 'null', '{}', '["m"]', '["m","u","p","t",{"toString":1}]'])(
    'are refused whose labels are none: %s',
    (field) => {
      expect(() => labelsOf(field, 0)).toThrow();
    },
  );

  it.each(['', '1 1', '1 0 0 3 4 0 0 x 2 5', '1 0 0 3 4 0 0 1e999 2 5', '1 0 0 3 4 0 0 0 2.5 5'])(
    'are refused that are no numbers: %j',
    (counters) => {
      expect(() => totalsOf(counters)).toThrow();
    },
  );
});
