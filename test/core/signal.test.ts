import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import { linkSignal } from '../../src/core/signal.ts';

describe('linkSignal', () => {
  it("aborts the child with the parent's ProviderError", () => {
    const parent = new AbortController();
    const { controller } = linkSignal(parent.signal);
    const reason = new ProviderError('SHUTTING_DOWN');
    parent.abort(reason);
    expect(controller.signal.reason).toBe(reason);
  });

  it.each([
    ['a time-out', new DOMException('late', 'TimeoutError'), 'DEADLINE_EXCEEDED'],
    ['any other error', new Error('enough'), 'CANCELLED'],
    ['no error at all', 'enough', 'CANCELLED'],
  ])('reads %s of an in-process caller as the end of the call', (_name, cause, reason) => {
    const { controller } = linkSignal(AbortSignal.abort(cause));
    expect(controller.signal.reason).toMatchObject({ reason });
    expect(controller.signal.reason.cause).toBe(cause);
  });

  it('leaves the parent alone when the child is aborted', () => {
    const parent = new AbortController();
    linkSignal(parent.signal).controller.abort();
    expect(parent.signal.aborted).toBe(false);
  });

  it('leaves nothing on the parent after unlink', () => {
    const parent = new AbortController();
    const { controller, unlink } = linkSignal(parent.signal);
    unlink();
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
    parent.abort();
    expect(controller.signal.aborted).toBe(false);
  });
});
