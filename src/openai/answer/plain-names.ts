import type { AnswerEvent, Completed } from '../../core/events.ts';
import { identifier, plainName } from '../values/upstream-text.ts';

/**
 * What an answer names itself goes into spans, metrics and the ledger, so a hostile upstream could
 * put a key there: what is no name is left out.
 *
 * @param asked the model that was asked for, which stands in for one that is no name
 */
export function withPlainNames(event: AnswerEvent, asked: string): AnswerEvent {
  if (event.type !== 'started') return event;
  const { model, responseId } = event;
  return { ...event, model: plainName(model) ?? asked, responseId: plainName(responseId) ?? '' };
}

/** See `withPlainNames`. */
export function completedWithPlainNames(completed: Completed, asked: string): Completed {
  const { model, rawFinishReason, serviceTier, systemFingerprint } = completed;
  return {
    ...completed,
    model: plainName(model) ?? asked,
    rawFinishReason: plainName(rawFinishReason) ?? 'unreadable',
    serviceTier: identifier(serviceTier) ?? '',
    systemFingerprint: plainName(systemFingerprint) ?? '',
  };
}
