import { describe, expect, it } from '@jest/globals';
import { instructionWarnings } from '../../../src/request/fit/instructions.ts';
import { aModel } from '../../support/models.ts';

describe('instructionWarnings', () => {
  const told = aModel({ instructionRole: 'user' });

  it.each(['system', 'developer'] as const)(
    'tells that %s messages were sent as user messages',
    (role) => {
      expect(instructionWarnings([{ role, content: 'Be brief.' }], told)).toEqual([
        'gpt-test takes no system messages: they were sent as user messages.',
      ]);
    },
  );

  it('says nothing where there are none, or where the model takes them', () => {
    expect(instructionWarnings([{ role: 'user', content: 'Hi' }], told)).toEqual([]);
    expect(instructionWarnings([{ role: 'system', content: 'Be brief.' }], aModel())).toEqual([]);
  });
});
