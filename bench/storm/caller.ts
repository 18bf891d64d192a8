import { ask, methodOf } from '../contract.ts';
import type { GrpcConnection } from '../grpc-connection.ts';
import type { Plan } from './plan.ts';
import type { Stage } from './upstream.ts';

/** A SendMessageResponse, as far as it is checked. */
export interface Message {
  readonly sequence: number;
  /** Name of the field that holds the event. */
  readonly event: string;
  readonly textDelta?: { readonly text: string };
  readonly completed?: { readonly usage: TokenCounts };
}

export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
}

/** How one call went. */
export interface Outcome {
  readonly plan: Plan;
  /** gRPC status code; undefined if the call never ended. */
  readonly status: number | undefined;
  readonly messages: readonly Message[];
  /** When it was cancelled, in epoch ms, and how far its answer was. */
  readonly cancelled?: { readonly at: number; readonly stage: Stage };
}

const DEADLINE_MS = 10_000;
/** A call that outlives its deadline by this much hangs. */
const GRACE_MS = 2_000;

const SEND_MESSAGE = methodOf('SendMessage');

/** Makes one call as planned, and reads it to its end. */
export async function makeCall(
  plan: Plan,
  connection: GrpcConnection,
  stageOf: (plan: Plan) => Stage,
): Promise<Outcome> {
  const messages: Message[] = [];
  let cancelled: Outcome['cancelled'];
  const request = SEND_MESSAGE.encode(ask(plan.question));
  const call = connection.call(SEND_MESSAGE.path, request, DEADLINE_MS, (bytes, start, end) => {
    messages.push(SEND_MESSAGE.decode(bytes.subarray(start, end)) as Message);
  });
  const canceller =
    plan.cancelAfterMs !== undefined &&
    setTimeout(() => {
      cancelled = { at: performance.timeOrigin + performance.now(), stage: stageOf(plan) };
      call.cancel();
    }, plan.cancelAfterMs);
  const { promise: hangs, resolve } = Promise.withResolvers<undefined>();
  const watchdog = setTimeout(() => resolve(undefined), DEADLINE_MS + GRACE_MS);
  const status = await Promise.race([call.status, hangs]);
  clearTimeout(watchdog);
  if (canceller !== false) clearTimeout(canceller);
  return { plan, status, messages, ...(cancelled && { cancelled }) };
}
