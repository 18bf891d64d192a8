import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { loadScript, ScriptError } from '../../src/simulator/script/load.ts';

function problemsOf(yaml: string): readonly string[] {
  try {
    loadScript('script.yaml', () => yaml);
    return [];
  } catch (error) {
    if (error instanceof ScriptError) return error.problems;
    throw error;
  }
}

describe('a script', () => {
  it('may be empty', () => {
    expect(loadScript('script.yaml', () => '')).toMatchObject({ seed: 0, strict: true, rules: [] });
  });

  it('takes the short forms', () => {
    const yaml = 'models: [a]\nrules: [{reply: Hi, fault: 429}, {fault: cut}]';
    expect(loadScript('script.yaml', () => yaml)).toMatchObject({
      models: [{ id: 'a' }],
      rules: [
        { reply: { text: 'Hi' }, fault: { name: 429, after: 2 } },
        { fault: { name: 'cut', every: 20 } },
      ],
    });
  });

  it.each([
    ['sead: 1', 'script.yaml: sead: unknown key; did you mean seed?'],
    [
      'rules: [{when: {modle: x}}]',
      'script.yaml: rules[0].when.modle: unknown key; did you mean model?',
    ],
    ['rules: [{replay: {}}]', 'script.yaml: rules[0].replay: unknown key; did you mean reply?'],
    [
      'rules: [{reply: {txt: a}}]',
      'script.yaml: rules[0].reply.txt: unknown key; did you mean text?',
    ],
    ['seed: x', 'script.yaml: seed: must be a whole number from 0 to 2147483647'],
    [
      'rules: [{delay: {headers: soon}}]',
      /^script.yaml: rules\[0\]\.delay\.headers: must be a duration from 0ms/,
    ],
    [
      'rules: [{when: {message: "/(/"}}]',
      /^script.yaml: rules\[0\]\.when\.message: must be a text, or a regular/,
    ],
    ['rules: [{fault: cutt}]', /^script.yaml: rules\[0\]\.fault: must be .*one of quota, context/],
    ['rules: [{fault: 200}]', /^script.yaml: rules\[0\]\.fault: must be .*status from 400 to 599/],
    [
      'rules: [{fault: {name: cut, after: -1}}]',
      /^script.yaml: rules\[0\]\.fault\.after: must be a whole/,
    ],
    ['rules: [{reply: {toolCalls: [{}]}}]', /toolCalls\[0\]\.name: must be the name of a tool/],
    ['rules: {}', 'script.yaml: rules: must be a list of at most 1000'],
    ['[]', 'script.yaml: must be a group of keys'],
    ['time: tomorrow', 'script.yaml: time: must be now, or a time such as 2026-01-01T00:00:00Z'],
    ['models: [{id: a, shutdownDate: 2027}]', /models\[0\]\.shutdownDate: must be a day/],
    ['a: [', /^script.yaml: line 1/],
  ])('names what is wrong with %s', (yaml, problem) => {
    const [first] = problemsOf(yaml);
    expect(first).toEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
  });

  it('tells every problem at once', () => {
    expect(problemsOf('seed: x\nstrict: 1\nrules: [{times: 0}]')).toHaveLength(3);
  });
});

describe('its JSON Schema', () => {
  const validate = new Ajv2020({ allErrors: true }).compile(
    JSON.parse(readFileSync('simulator.schema.json', 'utf8')),
  );

  it.each(['', 'rules: [{reply: Hi, fault: 429}, {fault: {name: cut, after: 1}}]', 'time: now'])(
    'takes what the simulator takes: %s',
    (yaml) => expect(validate(parse(yaml))).toBe(true),
  );

  it.each([
    'sead: 1',
    'rules: [{fault: cutt}]',
    'rules: [{times: 0}]',
    'rules: [{delay: {headers: soon}}]',
  ])('refuses what it refuses: %s', (yaml) => expect(validate(parse(yaml))).toBe(false));
});
