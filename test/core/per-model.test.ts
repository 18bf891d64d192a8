import { describe, expect, it } from '@jest/globals';
import { PerModel } from '../../src/core/per-model.ts';

const LIMIT = 1_000;

function full(makeRoom: (all: PerModel<{ model: string }>) => void) {
  const all = new PerModel((model) => ({ model }), makeRoom);
  for (let i = 0; i < LIMIT; i++) all.use(`m${i}`);
  return all;
}

describe('PerModel', () => {
  it('makes one when a model is first used, and keeps it', () => {
    const all = new PerModel(
      (model) => ({ model }),
      () => {},
    );
    expect(all.peek('a')).toBeUndefined();
    const a = all.use('a');
    expect(all.use('a')).toBe(a);
    expect(all.peek('a')).toBe(a);
    all.clear();
    expect([...all]).toEqual([]);
  });

  it('drops the longest unused of those that may go', () => {
    const dropped: unknown[] = [];
    const all = full((one) => dropped.push(one.drop(({ model }) => model !== 'm1')?.model));
    all.use('m0');
    all.peek('m2');
    all.use('new');
    expect(dropped).toEqual(['m2']);
    expect([...all].map(([model]) => model).slice(-2)).toEqual(['m0', 'new']);
    expect([...all]).toHaveLength(LIMIT);
  });

  it('has more where none may go', () => {
    const all = full((one) => expect(one.drop(() => false)).toBeUndefined());
    all.use('new');
    expect([...all]).toHaveLength(LIMIT + 1);
  });
});
