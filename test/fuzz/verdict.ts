import type { ErrorReason } from '../../src/core/error-kinds.ts';

/** What may become of a request. Whatever else becomes of it is a defect. */
export type Verdict = 'answered' | 'refused';

/** Why a request may be refused before the upstream is asked. */
export const REFUSALS: ReadonlySet<ErrorReason> = new Set<ErrorReason>([
  'INVALID_REQUEST',
  'UNSUPPORTED_PARAMETER',
  'MODEL_NOT_FOUND',
  'CONTEXT_TOO_LONG',
]);
