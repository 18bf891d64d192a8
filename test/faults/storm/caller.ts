import { isDeepStrictEqual } from 'node:util';
import { methodOf } from '../../../bench/contract.ts';
import type { GrpcConnection } from '../../../bench/grpc-connection.ts';
import { Content } from './content.ts';
import type { CallPlan } from './plan.ts';

/** How one call went. */
export interface Outcome {
  readonly plan: CallPlan;
  /** gRPC status code; -1 if the connection ended without one. */
  readonly status: number;
  /** The caller cancelled before the status came. */
  readonly cancelled: boolean;
  /** What the caller has: what came since the last reset. */
  readonly content: string;
  /** As `completed` or the response tell, and so its number of attempts; absent: neither came. */
  readonly completed?: { readonly content: string; readonly attempts: number };
  /** What is wrong with the messages as such. */
  readonly disorder?: string;
}

/** SendMessageResponse and MessageResponse, as far as they are read. */
interface Message {
  readonly sequence: number;
  readonly event: string;
  readonly textDelta?: { readonly text: string };
  readonly toolCallDelta?: {
    readonly index: number;
    readonly id: string;
    readonly name: string;
    readonly argumentsFragment: string;
  };
  readonly completed?: { readonly toolCalls: readonly ToolCall[]; readonly attempts: number };
  readonly response?: {
    readonly content: string;
    readonly toolCalls: readonly ToolCall[];
    readonly attempts: number;
  };
}

interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

const STREAM = methodOf('SendMessage');
const SYNC = methodOf('SendMessageSync');
const CAPABILITIES = methodOf('GetCapabilities');
const BARRIER_MS = 60_000;

/** Makes one call as planned, and reads it to its end. */
export async function makeCall(plan: CallPlan, connection: GrpcConnection): Promise<Outcome> {
  const { call, mode, deadlineMs, cancelAfterMs } = plan;
  const method = mode === 'sync' ? SYNC : STREAM;
  const request = {
    model: 'gpt-4o',
    messages: [{ role: 'ROLE_USER', content: String(call) }],
    tools: [{ name: 'look_up' }],
  };
  const options = mode === 'sync' ? {} : { options: { recovery: `STREAM_RECOVERY_${mode}` } };
  const reader = new Reader();
  const running = connection.call(
    method.path,
    method.encode({ request, ...options }),
    deadlineMs,
    (bytes, start, end) => reader.read(method.decode(bytes.subarray(start, end)) as Message),
  );
  let cancelled = false;
  const canceller =
    cancelAfterMs !== undefined &&
    setTimeout(() => {
      cancelled = true;
      running.cancel();
    }, cancelAfterMs);
  const status = await running.status;
  if (canceller !== false) clearTimeout(canceller);
  return { plan, status, cancelled, ...reader.outcome() };
}

/** Resolves when the sidecar has seen all that the connection brought it before. */
export async function barrier(connection: GrpcConnection): Promise<void> {
  await connection.call(CAPABILITIES.path, CAPABILITIES.encode({}), BARRIER_MS, () => {}).status;
}

/** Puts together what a caller has. */
class Reader {
  #content = new Content();
  #completed: Outcome['completed'];
  #disorder: string | undefined;
  #count = 0;

  read(message: Message): void {
    this.#count += 1;
    if (this.#completed !== undefined) this.#disorder = 'something behind completed';
    if (message.response !== undefined) {
      this.#content.addText(message.response.content);
      for (const [index, called] of message.response.toolCalls.entries()) {
        this.#content.addToolCall(index, { ...called, fragment: called.arguments });
      }
      this.#complete(message.response.attempts);
      return;
    }
    if (message.sequence !== this.#count) this.#disorder = 'gap in the sequence';
    this.#readEvent(message);
  }

  outcome(): Pick<Outcome, 'content' | 'completed' | 'disorder'> {
    return {
      content: this.#content.toString(),
      ...(this.#completed && { completed: this.#completed }),
      ...(this.#disorder !== undefined && { disorder: this.#disorder }),
    };
  }

  #readEvent({ event, textDelta, toolCallDelta, completed }: Message): void {
    if (event === 'attemptReset') this.#content = new Content();
    this.#content.addText(textDelta?.text ?? '');
    if (toolCallDelta) {
      const { index, argumentsFragment } = toolCallDelta;
      this.#content.addToolCall(index, { ...toolCallDelta, fragment: argumentsFragment });
    }
    if (!completed) return;
    this.#complete(completed.attempts);
    if (!isDeepStrictEqual(completed.toolCalls, this.#content.toolCalls)) {
      this.#disorder = 'other tool calls than were streamed';
    }
  }

  #complete(attempts: number): void {
    this.#completed = { content: this.#content.toString(), attempts };
  }
}
