import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { WriteStream } from 'node:tty';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { LogDrops } from '../../src/telemetry/log-drops.ts';
import { createLogger, type Logger } from '../../src/telemetry/logger.ts';

function logInto(lines: Record<string, unknown>[], level = 'info'): Logger {
  return createLogger({ level, destination: { write: (line) => lines.push(JSON.parse(line)) } });
}

describe('createLogger', () => {
  it('writes one object per line with ISO time, a word for the level, the service and no more', () => {
    const lines: Record<string, unknown>[] = [];
    logInto(lines).info({ model: 'gpt-a' }, 'answered');

    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        service: 'tamma-provider-openai',
        model: 'gpt-a',
        msg: 'answered',
      },
    ]);
  });

  it('writes lines for people where it is told to', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) };
    createLogger({ level: 'info', pretty: true, destination }).info({ model: 'gpt-a' }, 'answered');
    expect(lines).toEqual([expect.stringMatching(/^[\d:.]{12} .*INFO.* answered .*gpt-a\n$/)]);
  });

  it.each([
    [{ TERM: 'xterm' }, true],
    [{ TERM: 'xterm', NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
  ])('paints them on a terminal that has colours and may: %j', (environment, isPainted) => {
    const { stderr } = process;
    const { isTTY, hasColors: has, getColorDepth: depth } = stderr;
    const before = { isTTY, hasColors: has, getColorDepth: depth };
    const hasColors = () => WriteStream.prototype.hasColors.call(stderr, 16, environment);
    const getColorDepth = WriteStream.prototype.getColorDepth;
    Object.assign(stderr, { isTTY: true, hasColors, getColorDepth });
    try {
      const lines: string[] = [];
      const destination = { write: (line: string) => lines.push(line) };
      createLogger({ level: 'info', pretty: true, destination }).info('answered');
      expect(lines.join('').includes('\u001b')).toBe(isPainted);
    } finally {
      Object.assign(stderr, before);
    }
  });

  it('never throws, whatever it is to log, and counts what it could not', () => {
    const unreadable = {
      get model(): string {
        throw new Error('no');
      },
    };
    const oddError = Object.assign(new Error('odd'), { message: 5, constructor: undefined });
    const drops = new LogDrops();
    const full = () => {
      throw new Error('ENOSPC');
    };
    const logger = createLogger({ level: 'info', destination: { write: full }, drops });
    logger.info(unreadable, 'unreadable');
    logger.child({ a: 1 }).error({ err: oddError }, 'odd');
    logger.info('full');
    expect(drops.lines).toBe(3);
  });

  it('leaves out what is below its level', () => {
    const lines: Record<string, unknown>[] = [];
    const logger = logInto(lines, 'warn');
    logger.info('not heard');
    logger.warn('heard');

    expect(lines.map((line) => line.msg)).toEqual(['heard']);
  });

  it('redacts members that carry secrets, down to two levels', () => {
    const lines: Record<string, unknown>[] = [];
    logInto(lines).info({
      apiKey: 'one',
      headers: { authorization: 'two', 'api-key': 'three', accept: 'text/plain' },
      config: { upstream: { api_key: 'four', Authorization: 'five' } },
    });

    expect(lines[0]).toMatchObject({
      apiKey: '[redacted]',
      headers: {
        authorization: '[redacted]',
        'api-key': '[redacted]',
        accept: 'text/plain',
      },
      config: { upstream: { api_key: '[redacted]', Authorization: '[redacted]' } },
    });
  });

  it('serializes errors under `err`', () => {
    const lines: Record<string, unknown>[] = [];
    logInto(lines).error({ err: new TypeError('bad') }, 'failed');

    expect(lines[0]?.err).toMatchObject({ type: 'TypeError', message: 'bad' });
  });

  it('writes to stderr by default, and leaves stdout alone', () => {
    const module = pathToFileURL(join(__dirname, '../../src/telemetry/logger.ts')).href;
    const script = `
      const { createLogger } = await import(${JSON.stringify(module)});
      createLogger({ level: 'info' }).info('hello');`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });

    expect(JSON.parse(stderr)).toMatchObject({ level: 'info', msg: 'hello' });
    expect(stdout).toBe('');
  });
});
