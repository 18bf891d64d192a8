import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import type { KeptAnswers, KeptPlace } from '../../../src/core/kept-answer.ts';
import { KeptRegister } from '../../../src/policies/recovery/kept-register.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const ENDPOINT = 'https://api.openai.com';

const place = (id: string, fields: Partial<KeptPlace> = {}): KeptPlace => ({
  id,
  upstream: 'default',
  endpoint: ENDPOINT,
  key: 0,
  ...fields,
});

/** A register of two targets, whose deletions fail as long as `failures` says. */
function aRegister({ left = [] as readonly KeptPlace[], failures = 0 } = {}) {
  const clock = new FakeClock();
  const told: string[] = [];
  const warnings: string[] = [];
  let failed = 0;
  const keptBy = (name: string): KeptAnswers => ({
    remove: async ({ id, key, mayRun }) => {
      if (failed++ < failures) throw new ProviderError('SERVICE_UNAVAILABLE');
      told.push(`${name} deletes ${id} with ${key}${mayRun ? ', running' : ''}`);
    },
  });
  const register = new KeptRegister({
    book: {
      left,
      add: ({ id, key }) => told.push(`kept ${id} by ${key}`),
      gone: (id) => told.push(`gone ${id}`),
    },
    keepers: [
      { name: 'default', endpoint: ENDPOINT, kept: keptBy('default') },
      { name: 'other', endpoint: 'https://other.test', kept: keptBy('other') },
    ],
    clock,
    log: {
      info: () => {},
      error: () => {},
      warn: (_fields, message) => warnings.push(message),
    },
  });
  return { register, clock, told, warnings };
}

const answer = (id: string, isOver = true) => ({ id, isOver, hasOutput: true, events: 1 });
const turn = () => new Promise(setImmediate);

describe('the register of kept answers', () => {
  it('writes an answer down, and strikes it out once it is deleted', async () => {
    const { register, told } = aRegister();
    register.add(answer('a'), { upstream: 'default', key: 2 });
    register.remove(answer('a'));
    await turn();
    expect(told).toEqual(['kept a by 2', 'default deletes a with 2', 'gone a']);
  });

  it('stops what may still run', async () => {
    const { register, told } = aRegister();
    register.add(answer('a'), { upstream: 'other', key: 0 });
    register.remove(answer('a', false));
    await turn();
    expect(told).toContain('other deletes a with 0, running');
  });

  it('tries again, and then leaves it to the next start with one warning', async () => {
    const { register, clock, told, warnings } = aRegister({ failures: 10 });
    for (const id of ['a', 'b']) {
      register.add(answer(id), { upstream: 'default', key: 0 });
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
    const { register, told, warnings } = aRegister({ left });
    register.start();
    await turn();
    expect(told).toEqual([
      'default deletes a with 1, running',
      'other deletes renamed with 0, running',
      'gone a',
      'gone renamed',
    ]);
    expect(warnings).toHaveLength(1);
  });

  it('waits for what is due when it closes', async () => {
    const { register, told } = aRegister();
    for (let id = 0; id < 40; id += 1) {
      register.add(answer(`${id}`), { upstream: 'default', key: 0 });
      register.remove(answer(`${id}`));
    }
    await register.close();
    expect(told.filter((line) => line.startsWith('gone'))).toHaveLength(40);
  });
});
