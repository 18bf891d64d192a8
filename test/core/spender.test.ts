import { describe, expect, it } from '@jest/globals';
import { spenderOf, subjectOf, whoseTurn } from '../../src/core/spender.ts';
import { aSpender } from '../money/budget/books.ts';
import { aCall } from '../support/events.ts';
import { aModel } from '../support/models.ts';

const asks = (metadata: Record<string, string>) => ({ messages: [], metadata });

const spenderWith = (metadata: Record<string, string>) =>
  spenderOf(aCall({ request: asks(metadata) }));

describe('the spender of a call', () => {
  it('is named by the metadata', () => {
    expect(spenderWith({ user_id: 'alice', project_id: 'apollo' })).toMatchObject({
      userId: 'alice',
      projectId: 'apollo',
    });
  });

  it('may be named in camel case', () => {
    expect(spenderWith({ userId: 'alice', projectId: 'apollo' })).toMatchObject({
      userId: 'alice',
      projectId: 'apollo',
    });
  });

  it('is named by the snake case if both are there', () => {
    const both = { user_id: 'alice', userId: 'bob', project_id: '', projectId: 'apollo' };
    expect(spenderWith(both)).toMatchObject({ userId: 'alice', projectId: 'apollo' });
  });

  it('is nobody without metadata', () => {
    expect(spenderOf(aCall())).toEqual({ userId: '', projectId: '', model: 'gpt-test' });
  });

  it('asks the model by its id in the catalogue', () => {
    const target = { model: aModel({ id: 'gpt-4o' }), surface: 'responses' as const };
    expect(spenderOf(aCall({ model: 'gpt-4o-2024-08-06', target })).model).toBe('gpt-4o');
  });
});

it.each([
  ['nobody, where nobody is named', {}, ''],
  [
    'the project and the user',
    { request: asks({ user_id: 'alice', project_id: 'apollo' }) },
    'apollo alice',
  ],
  ['the user', { request: asks({ user_id: 'alice' }) }, ' alice'],
  [
    'the caller, whomever it names',
    { caller: { name: 'web' }, request: asks({ user_id: 'alice' }) },
    'web',
  ],
])('has the turns of %s', (_what, fields, name) => {
  expect(whoseTurn(aCall(fields))).toBe(name);
});

it.each([
  ['all', ''],
  ['user', 'alice'],
  ['project', 'apollo'],
  ['model', 'gpt-test'],
] as const)('has in a budget of scope %s the subject "%s"', (scope, subject) => {
  expect(subjectOf(scope, aSpender())).toBe(subject);
});
