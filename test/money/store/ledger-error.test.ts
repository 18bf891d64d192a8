import { describe, expect, it } from '@jest/globals';
import { messageOf } from '../../../src/money/store/ledger-error.ts';

describe('the message of a cause', () => {
  it.each([
    [new Error('went wrong'), 'went wrong'],
    [{ message: 'from another realm' }, 'from another realm'],
    ['text', 'text'],
    [undefined, 'undefined'],
  ])('is found in whatever was thrown: %p', (cause, message) => {
    expect(messageOf(cause)).toBe(message);
  });
});
