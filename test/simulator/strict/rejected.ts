import { rejectionOf } from '../../../src/simulator/strict/strict.ts';
import type { Rejection } from '../../../src/simulator/strict/strict-error.ts';

/** A day on which the models before GPT-5 were served. */
export const BEFORE = '2026-01-01';
const TODAY = '2026-11-22';

/** What the strict simulator says to a request; undefined: it takes it. */
type Refused = Pick<Rejection, 'message' | 'param' | 'status'> | undefined;

/** @param fields what is not as usual; `today` is the day, and not sent */
export function refusedChat(fields: object): Refused {
  return refused('/v1/chat/completions', {
    model: 'gpt-4.1',
    messages: [{ role: 'user', content: 'Hi' }],
    ...fields,
  });
}

/** @param fields what is not as usual; `today` is the day, and not sent */
export function refusedResponse(fields: object): Refused {
  return refused('/v1/responses', { model: 'gpt-6.1-sol', input: 'Hi', store: false, ...fields });
}

function refused(path: string, fields: object): Refused {
  const { today = TODAY, ...body }: { today?: string } = fields;
  // As it comes over the wire: what is undefined is not there.
  const sent = JSON.parse(JSON.stringify(body));
  const rejection = rejectionOf({ path, body: sent }, today);
  if (rejection === undefined) return undefined;
  const { message, param, status } = rejection;
  return { message, param, status };
}
