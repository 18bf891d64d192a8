import { rejectionOf } from '../../../src/simulator/strict/strict.ts';
import type { Rejection } from '../../../src/simulator/strict/strict-error.ts';

/** A day on which the models before GPT-5 were served. */
export const BEFORE = '2026-01-01';
const TODAY = '2026-11-22';

/** What the strict simulator says to a request; undefined: it takes it. */
type Refused = Pick<Rejection, 'message' | 'param' | 'status'> | undefined;

/** @param fields what is not as usual; `today` is the day, and not sent */
export function rejectedChat(fields: object): Rejection | undefined {
  return rejected('/v1/chat/completions', {
    model: 'gpt-4.1',
    messages: [{ role: 'user', content: 'Hi' }],
    ...fields,
  });
}

/** @param fields what is not as usual; `today` is the day, and not sent */
export function rejectedResponse(fields: object): Rejection | undefined {
  return rejected('/v1/responses', { model: 'gpt-6.1-sol', input: 'Hi', store: false, ...fields });
}

export const refusedChat = (fields: object): Refused => told(rejectedChat(fields));

export const refusedResponse = (fields: object): Refused => told(rejectedResponse(fields));

function told(rejection: Rejection | undefined): Refused {
  if (rejection === undefined) return undefined;
  const { message, param, status } = rejection;
  return { message, param, status };
}

function rejected(path: string, fields: object): Rejection | undefined {
  const { today = TODAY, ...body }: { today?: string } = fields;
  // As it comes over the wire: what is undefined is not there.
  const sent = JSON.parse(JSON.stringify(body));
  return rejectionOf({ path, body: sent }, today);
}
