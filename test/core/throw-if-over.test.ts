import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import { throwIfOver } from '../../src/core/throw-if-over.ts';
import { aCall } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('throwIfOver', () => {
  const clock = new FakeClock(1_000);

  it('lets a call go on that has time left', () => {
    expect(() => throwIfOver(aCall({ deadline: 1_001 }), clock)).not.toThrow();
    expect(() => throwIfOver(aCall(), clock)).not.toThrow();
  });

  it('throws what ended the call', () => {
    const drained = new ProviderError('SHUTTING_DOWN');
    expect(() => throwIfOver(aCall({ signal: AbortSignal.abort(drained) }), clock)).toThrow(
      drained,
    );
    expect(() => throwIfOver(aCall({ signal: AbortSignal.abort() }), clock)).toThrow(
      expect.objectContaining({ reason: 'CANCELLED' }),
    );
  });

  it('throws DEADLINE_EXCEEDED from the deadline on, whether or not the signal knows', () => {
    expect(() => throwIfOver(aCall({ deadline: 1_000 }), clock)).toThrow(
      expect.objectContaining({ reason: 'DEADLINE_EXCEEDED' }),
    );
  });
});
