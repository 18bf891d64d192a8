import type { ErrorFacts } from '../../core/errors.ts';
import { present } from '../../core/present.ts';
import { type ResponseHeaders, retryAfterMs, shouldRetry } from '../errors/retry-after.ts';

/** How a response began. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** As it can be shown. Undefined: none was sent. */
  readonly id: string | undefined;
  /** When it came, epoch ms. */
  readonly at: number;
}

/**
 * What a failure says of the response in which it was met: read only then, for hardly any answer fails.
 *
 * @param model that was asked
 * @param head undefined: there was no response
 */
export function factsOf(model: string, head: ResponseHead | undefined): ErrorFacts {
  if (head === undefined) return { model };
  const { status, headers, id, at } = head;
  return {
    model,
    upstreamStatus: status,
    ...present({
      upstreamRequestId: id,
      // What is wrong may be said later, inside the answer.
      retryAfterMs: retryAfterMs(headers, at),
      shouldRetry: shouldRetry(headers),
    }),
  };
}
