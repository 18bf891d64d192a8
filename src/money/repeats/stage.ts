import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import { tenantOf } from '../../core/spender.ts';
import { linkSpan } from '../../telemetry/span-links.ts';
import { askedKey } from '../cache/key.ts';
import { replay } from '../cache/replay.ts';
import { decodeAnswer, encodeAnswer, type StoredAnswer } from '../cache/stored-answer.ts';
import type { RepeatableRun, Repeats } from './repeats.ts';

/**
 * A call with an idempotency key is made once: a repeat follows the call while it runs and gets its
 * answer afterwards, and is billed nothing. The same key with another request is refused.
 */
export function repeats(calls: Repeats): Stage {
  return (next) => (call, emit) =>
    call.asked.idempotencyKey ? once(next, call, emit, calls) : next(call, emit);
}

async function once(next: Handler, call: Call, emit: Emit, calls: Repeats): Promise<Completed> {
  // The key has no space in it.
  const name = `${call.asked.idempotencyKey} ${tenantOf(call)}`;
  const fingerprint = askedKey(call);
  const running = calls.running(name);
  refuseOther(running, fingerprint);
  if (running?.run.canBeJoined) {
    linkSpan(call.context, running.run.context);
    return running.run.follow(call, emit);
  }
  const finished = running === undefined ? calls.finished(name) : undefined;
  refuseOther(finished, fingerprint);
  const answer = finished && decodeAnswer(finished.bytes);
  if (answer !== undefined) return again(answer, call, emit);
  let isKept = false;
  const onKept = () => {
    isKept = true;
  };
  const handler = madeOnce(next, name, fingerprint, calls, onKept);
  const begun = calls.start(name, fingerprint, handler, call);
  void remember(begun, name, calls, () => isKept);
  return begun.run.follow(call, emit);
}

/**
 * Makes the call unless another process has made it: then with the answer that it got.
 *
 * @param onKept called if so
 */
function madeOnce(
  next: Handler,
  name: string,
  fingerprint: string,
  calls: Repeats,
  onKept: () => void,
): Handler {
  return async (call, emit) => {
    const finished = await calls.elsewhere(name);
    refuseOther(finished, fingerprint);
    const answer = finished && decodeAnswer(finished.bytes);
    if (answer === undefined) return next(call, emit);
    onKept();
    return again(answer, call, emit);
  };
}

async function again(answer: StoredAnswer, call: Call, emit: Emit): Promise<Completed> {
  return { ...(await replay(answer, call, emit)), shared: true };
}

/** Never rejects. @param isKept whether its answer is kept elsewhere, once it has ended */
async function remember(
  begun: RepeatableRun,
  name: string,
  calls: Repeats,
  isKept: () => boolean,
): Promise<void> {
  const { run, fingerprint } = begun;
  try {
    const completed = await run.outcome;
    const answer = isKept() ? undefined : run.answer(completed);
    calls.end(name, begun, answer && { fingerprint, bytes: encodeAnswer(answer) });
  } catch {
    calls.end(name, begun);
  }
}

function refuseOther(
  known: { readonly fingerprint: string } | undefined,
  fingerprint: string,
): void {
  if (known === undefined || known.fingerprint === fingerprint) return;
  const field = 'request.idempotency_key';
  const description = 'was sent with another request within the last 10 minutes';
  throw new ProviderError('INVALID_REQUEST', { fieldViolations: [{ field, description }] });
}
