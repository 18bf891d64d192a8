import { describe, expect, it } from '@jest/globals';
import { load, problems } from '../support/config.ts';

const TARGETS =
  'targets: {azure: {baseUrl: "https://a.test/v1"}, local: {baseUrl: "https://b.test/v1"}}';

function wrong(routes: string, rest = TARGETS): readonly string[] {
  return problems(`${rest}\nroutes: ${routes}`).map(({ path, message }) => `${path} ${message}`);
}

describe('routes', () => {
  it('spread calls over targets by weight, 1 where none is written', () => {
    const yaml = `${TARGETS}\nroutes: {"gpt-5*": [{target: default, weight: 3}, {target: azure}]}`;
    expect(load(yaml).routes).toEqual({
      'gpt-5*': [
        { target: 'default', weight: 3 },
        { target: 'azure', weight: 1 },
      ],
    });
    expect(load('').routes).toEqual({});
  });

  it.each([
    [
      '{a: [{target: azuer}]}',
      'routes.a[0].target must be default or one of targets; did you mean azure?',
    ],
    ['{a: [{target: elsewhere}]}', 'routes.a[0].target must be default or one of targets'],
    [
      '{a: [{target: azure}, {target: local}, {target: azure}]}',
      'routes.a[2].target must not be a target that stands before it',
    ],
    [
      '{a: [{target: azuer, weight: 0}]}',
      'routes.a[0].weight must be a whole number from 1 to 1000',
      'routes.a[0].target must be default or one of targets; did you mean azure?',
    ],
    [
      '{a: [{target: azure, weight: 0}]}',
      'routes.a[0].weight must be a whole number from 1 to 1000',
    ],
    [
      '{a: [{target: azure, weight: 1001}]}',
      'routes.a[0].weight must be a whole number from 1 to 1000',
    ],
    ['{a: [{target: azure, wieght: 1}]}', 'routes.a[0].wieght unknown key; did you mean weight?'],
    ['{a: []}', 'routes.a must be a list of 1 to 8 targets'],
    [
      `{a: [${Array.from({ length: 9 }, (_, at) => `{target: t${at}}`)}]}`,
      'routes.a must be a list of 1 to 8 targets',
    ],
    ['{a: azure}', 'routes.a must be a list of 1 to 8 targets'],
    ['{"a b": [{target: azure}]}', 'routes."a b" must have the name or a pattern of models'],
  ])('are explained where they are wrong: %s', (yaml, ...messages) => {
    expect(wrong(yaml)).toEqual(messages);
  });

  it('know no default where the top level describes no upstream', () => {
    const yaml =
      'targets: {azure: {baseUrl: "https://a.test/v1"}}\nroutes: {a: [{target: default}]}';
    expect(problems(yaml, {})).toMatchObject([
      { path: 'routes.a[0].target', message: 'must be one of targets' },
    ]);
  });
});
