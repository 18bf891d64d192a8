import { expect, it } from '@jest/globals';
import { prettyLine } from '../../src/telemetry/pretty.ts';

const LINE = {
  level: 'warn',
  time: '2026-11-28T10:20:30.123Z',
  service: 'tamma-provider-openai',
  msg: 'call failed',
  reason: 'TIMEOUT',
  attempts: 2,
  note: 'two words',
  err: { type: 'Error', message: 'gone', stack: 'Error: gone\n    at here' },
};

it('writes a line for people: time, level, message, fields, and the stack below', () => {
  expect(prettyLine(`${JSON.stringify(LINE)}\n`, false)).toBe(
    [
      '10:20:30.123 WARN  call failed reason=TIMEOUT attempts=2 note="two words"',
      '    Error: gone',
      '        at here',
      '',
    ].join('\n'),
  );
});

it('paints only where it is asked to, and leaves alone what is no JSON', () => {
  expect(prettyLine(JSON.stringify(LINE), true)).toContain('\u001b[33mWARN');
  expect(prettyLine('not json\n', true)).toBe('not json\n');
});

it.each([
  ['nothing', {}, 'INFO  \n'],
  ['a level of its own', { level: 'audit', msg: 'seen' }, 'AUDIT seen\n'],
  ['a message that is no text', { msg: 5 }, 'INFO  5\n'],
  [
    'fields that are no words',
    { n: null, list: [1], empty: '' },
    'INFO   n=null list=[1] empty=""\n',
  ],
  ['an error without a stack', { err: { message: 'gone' } }, 'INFO  \n    gone\n'],
  ['an error of nothing but a code', { err: { code: 5 } }, 'INFO  \n    {"code":5}\n'],
])('writes what there is of a line with %s', (_, fields, line) => {
  expect(prettyLine(JSON.stringify(fields), false)).toBe(` ${line}`);
});

it('paints a level of its own without a colour', () => {
  expect(prettyLine('{"level":"audit"}', true)).toContain('\u001b[0mAUDIT');
});
