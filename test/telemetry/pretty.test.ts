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
