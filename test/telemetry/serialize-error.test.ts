import { describe, expect, it } from '@jest/globals';
import { serializeError } from '../../src/telemetry/serialize-error.ts';

const KEY = 'sk-proj-abcdefgh_1234-XYZ';

describe('serializeError', () => {
  it('keeps type, message, stack and the chain of causes', () => {
    const error = new TypeError('outer', {
      cause: new RangeError('inner', { cause: 'innermost' }),
    });

    expect(serializeError(error)).toEqual({
      type: 'TypeError',
      message: 'outer',
      stack: expect.stringContaining('serialize-error.test'),
      cause: {
        type: 'RangeError',
        message: 'inner',
        stack: expect.any(String),
        cause: { type: 'string', message: 'innermost' },
      },
    });
  });

  it('names the class of an error that has no name of its own', () => {
    class RateLimitError extends Error {}

    expect(serializeError(new RateLimitError('slow down')).type).toBe('RateLimitError');
  });

  it('leaves out every other member, since it may hold content', () => {
    const error = Object.assign(new Error('failed'), { body: 'the prompt' });

    expect(JSON.stringify(serializeError(error))).not.toContain('the prompt');
  });

  it('replaces API keys in message, stack and causes', () => {
    const error = new Error(`refused ${KEY}`, { cause: `key ${KEY} is wrong` });
    const text = JSON.stringify(serializeError(error));

    expect(text).not.toContain('abcdefgh');
    expect(serializeError(error).message).toBe('refused [redacted]');
    expect(serializeError(error).cause?.message).toBe('key [redacted] is wrong');
  });

  it('caps each text at 2 KiB, without leaving half a key at the cut', () => {
    const error = new Error(`${'x'.repeat(2040)}${KEY}`);
    const { message, stack } = serializeError(error);

    expect(message).toBe(`${'x'.repeat(2040)}[redacte`);
    expect(stack).toHaveLength(2048);
  });

  it('comes to an end where causes form a ring', () => {
    const error = new Error('ring');
    error.cause = error;
    let depth = 0;
    for (let at = serializeError(error).cause; at !== undefined; at = at.cause) depth += 1;

    expect(depth).toBe(8);
  });

  it('manages without a stack', () => {
    const error = new Error('bare');
    delete error.stack;

    expect(serializeError(error)).toEqual({ type: 'Error', message: 'bare' });
  });

  it.each([
    [{ secret: 'x' }, { type: 'object', message: 'not an Error' }],
    [undefined, { type: 'undefined', message: 'undefined' }],
    [null, { type: 'object', message: 'null' }],
  ])('describes a thrown %p, which is no error, without its contents', (thrown, expected) => {
    expect(serializeError(thrown)).toEqual(expected);
  });
});
