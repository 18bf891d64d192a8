import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import { SILENT } from '../../../src/core/provider-log.ts';
import type { AnswerPlace, UpstreamAnswers } from '../../../src/core/upstream-answers.ts';
import { KeptRegister } from '../../../src/policies/recovery/kept-register.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aKeeper } from '../../support/kept.ts';

const ENDPOINT = 'https://api.openai.com';

const place = (id: string, fields: Partial<AnswerPlace> = {}): AnswerPlace => ({
  id,
  upstream: 'default',
  endpoint: ENDPOINT,
  key: 0,
  ...fields,
});

/** A register and two targets, whose deletions fail as long as `failures` says. */
function aRegister({ left = [] as readonly AnswerPlace[], failures = 0 } = {}) {
  const clock = new FakeClock();
  const told: string[] = [];
  const warnings: string[] = [];
  let failed = 0;
  const removeBy =
    (name: string): UpstreamAnswers['remove'] =>
    async ({ id, key, mayRun }) => {
      if (failed++ < failures) throw new ProviderError('SERVICE_UNAVAILABLE');
      told.push(`${name} deletes ${id} with ${key}${mayRun ? ', running' : ''}`);
    };
  const book = {
    left,
    add: ({ id, key }: AnswerPlace) => void told.push(`kept ${id} by ${key}`),
    gone: (id: string) => void told.push(`gone ${id}`),
  };
  const warn = (_fields: object, message: string) => void warnings.push(message);
  const register = new KeptRegister({ book: () => book, clock, log: { ...SILENT, warn } });
  const main = aKeeper('default', removeBy('default'), ENDPOINT);
  const other = aKeeper('other', removeBy('other'), 'https://other.test');
  const kept = (id: string, keeper = main, key = 0) =>
    register.add(answer(id), { upstream: keeper.name, key }, keeper);
  return { register, clock, told, warnings, main, other, kept };
}

const answer = (id: string, isOver = true) => ({ id, isOver, hasOutput: true, events: 1 });
const turn = () => new Promise(setImmediate);

describe('the register of kept answers', () => {
  it('writes an answer down, and strikes it out once it is deleted', async () => {
    const { register, told, kept, main } = aRegister();
    kept('a', main, 2);
    register.remove(answer('a'));
    await turn();
    expect(told).toEqual(['kept a by 2', 'default deletes a with 2', 'gone a']);
  });

  it('stops what may still run', async () => {
    const { register, told, kept, other } = aRegister();
    kept('a', other);
    register.remove(answer('a', false));
    await turn();
    expect(told).toContain('other deletes a with 0, running');
  });

  it('tries again, and then leaves it to the next start with one warning', async () => {
    const { register, clock, told, warnings, kept } = aRegister({ failures: 10 });
    for (const id of ['a', 'b']) {
      kept(id);
      register.remove(answer(id));
    }
    for (let minute = 0; minute < 10; minute += 1) {
      await turn();
      clock.advance(60_000);
    }
    await turn();
    expect(told).toEqual(['kept a by 0', 'kept b by 0']);
    expect(warnings).toHaveLength(1);
    await register.close();
  });

  it('deletes at the start what was left, at the target that leads there now', async () => {
    const left = [
      place('a', { key: 1 }),
      place('renamed', { upstream: 'old', endpoint: 'https://other.test' }),
      place('nowhere', { endpoint: 'https://gone.test' }),
    ];
    const { register, told, warnings, main, other } = aRegister({ left });
    register.start([main, other]);
    await turn();
    expect(told).toEqual([
      'default deletes a with 1, running',
      'other deletes renamed with 0, running',
      'gone a',
      'gone renamed',
    ]);
    expect(warnings).toHaveLength(1);
  });

  it('holds an upstream until its answers are deleted, or until it closes', async () => {
    const { register, kept, main, other } = aRegister();
    kept('a');
    kept('b', other);
    await Promise.all([main.upstream.release(), other.upstream.release()]);
    expect([main.isClosed(), other.isClosed()]).toEqual([false, false]);
    register.remove(answer('a'));
    await turn();
    expect([main.isClosed(), other.isClosed()]).toEqual([true, false]);
    await register.close();
    expect(other.isClosed()).toBe(true);
  });

  it('waits for what is due when it closes', async () => {
    const { register, told, kept } = aRegister();
    for (let id = 0; id < 40; id += 1) {
      kept(`${id}`);
      register.remove(answer(`${id}`));
    }
    await register.close();
    expect(told.filter((line) => line.startsWith('gone'))).toHaveLength(40);
  });
});
