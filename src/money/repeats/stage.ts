import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import { tenantOf } from '../../core/spender.ts';
import { askedKey } from '../cache/key.ts';
import { NO_USAGE, replay } from '../cache/replay.ts';
import { decodeAnswer, encodeAnswer } from '../cache/stored-answer.ts';
import type { Repeats } from './repeats.ts';
import { SharedRun } from './shared-run.ts';

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
  if (running?.canBeJoined) return followed(running, call, emit);
  const finished = running === undefined ? calls.finished(name) : undefined;
  refuseOther(finished, fingerprint);
  if (finished !== undefined) {
    return { ...(await replay(decodeAnswer(finished.bytes), call, emit)), shared: true };
  }
  const run = new SharedRun(next, call, fingerprint, calls.clock);
  calls.start(name, run);
  void remember(run, name, calls);
  return run.follow(call, emit);
}

/** The call of somebody else, to whom it is billed. */
async function followed(run: SharedRun, call: Call, emit: Emit): Promise<Completed> {
  const { cost: _, ...completed } = await run.follow(call, emit);
  const saved = run.costOf(completed);
  return { ...completed, usage: NO_USAGE, ...(saved && { saved }), shared: true };
}

/** Never rejects. */
async function remember(run: SharedRun, name: string, calls: Repeats): Promise<void> {
  try {
    const answer = run.answer(await run.outcome);
    calls.end(name, run, answer && { fingerprint: run.fingerprint, bytes: encodeAnswer(answer) });
  } catch {
    calls.end(name, run);
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
