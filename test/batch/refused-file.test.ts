import { expect, it } from '@jest/globals';
import { restError, tokenLimitReached } from '../../src/batch/refused-file.ts';
import { ProviderError } from '../../src/core/errors.ts';
import type { UpstreamBatch } from '../../src/core/upstream-batches.ts';

function ended(status: UpstreamBatch['status'], errors: UpstreamBatch['errors'] = []) {
  return { id: 'batch_1', status, errors } as UpstreamBatch;
}

it.each([
  ['failed', 'PROVIDER_ERROR', 'The upstream refused the batch and did not say why.'],
  [
    'expired',
    'DEADLINE_EXCEEDED',
    'The batch expired at the upstream before this request was answered.',
  ],
  ['cancelled', 'CANCELLED', 'The batch was cancelled before this request was answered.'],
  ['completed', 'PROVIDER_ERROR', "The upstream's files hold no result of this request."],
] as const)(
  'says what became of a request without a result in a batch that is %s',
  (status, reason, message) => {
    expect(restError(ended(status))).toMatchObject({ reason, message });
  },
);

it('gives the reason that the upstream gave for refusing the batch', () => {
  const error = new ProviderError('PROVIDER_ERROR', { message: 'The file is empty.' });
  const batch = ended('failed', [{ code: 'empty_file', error }]);
  expect(restError(batch)).toBe(error);
  expect(tokenLimitReached(batch)).toBe(false);
});
