import { isDeepStrictEqual } from 'node:util';
import { methodOf } from '../../../bench/contract.ts';
import type { GrpcConnection } from '../../../bench/grpc-connection.ts';
import { epochMs } from '../../../src/simulator/wire/recorded-request.ts';
import { detailsIn, type StatusDetail, type WireMessage } from '../grpc-client.ts';
import { Content, type ToolCall } from './content.ts';
import type { CallPlan } from './plan.ts';

/** How one call went. */
export interface Outcome<Plan extends CallPlan = CallPlan> {
  readonly plan: Plan;
  /** gRPC status code; -1 if the connection ended without one, undefined if the call never ended. */
  readonly status: number | undefined;
  /** Epoch ms. */
  readonly endedAt: number;
  /** When the caller cancelled, in epoch ms; absent: not before the status came. */
  readonly cancelledAt?: number;
  /** What the caller has: what came since the last reset. */
  readonly content: string;
  /** `completed`, or the response of SendMessageSync; absent: neither came. */
  readonly completed?: Completed;
  /** What is wrong with the messages as such. */
  readonly disorder?: string;
  /** The FailureInfo of a call that failed, if it came as far as the sidecar. */
  readonly failure?: StatusDetail;
}

/** What `completed` and a response tell alike. */
export interface Completed extends WireMessage {
  readonly toolCalls: readonly ToolCall[];
  readonly attempts: number;
  readonly usage: TokenCounts;
}

export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
}

/** SendMessageResponse and SendMessageSyncResponse, as far as they are read. */
interface Message {
  readonly sequence: number;
  /** Name of the field that holds the event. */
  readonly event: string;
  readonly textDelta?: { readonly text: string };
  readonly toolCallDelta?: {
    readonly index: number;
    readonly id: string;
    readonly name: string;
    readonly argumentsFragment: string;
  };
  readonly completed?: Completed;
  readonly response?: Completed & { readonly content: string };
}

export interface CallOptions {
  /** Of the request, beside the question. */
  readonly fields?: WireMessage;
  /** Called just before the caller cancels. */
  readonly onCancel?: () => void;
  /** Called with each message that brings text or a part of a tool call. */
  readonly onOutput?: () => void;
}

const STREAM = methodOf('SendMessage');
const SYNC = methodOf('SendMessageSync');
/** A call that outlives its deadline by this much hangs, however slow the machine is. */
const GRACE_MS = 30_000;

/** Makes one call as planned, and reads it to its end. */
export async function makeCall<Plan extends CallPlan>(
  plan: Plan,
  connection: GrpcConnection,
  { fields = {}, onCancel, onOutput }: CallOptions = {},
): Promise<Outcome<Plan>> {
  const { question, mode, deadlineMs, cancelAfterMs } = plan;
  const method = mode === 'sync' ? SYNC : STREAM;
  const messages = [{ role: 'ROLE_USER', content: question }];
  const request = { model: 'gpt-4o', messages, ...fields };
  const options = mode === 'sync' ? {} : { options: { recovery: `STREAM_RECOVERY_${mode}` } };
  const reader = new Reader();
  const call = connection.call(
    method.path,
    method.encode({ request, ...options }),
    Math.ceil(deadlineMs),
    (bytes, start, end) => {
      const message = method.decode(bytes.subarray(start, end)) as Message;
      if (message.textDelta || message.toolCallDelta) onOutput?.();
      reader.read(message);
    },
  );
  let cancelledAt: number | undefined;
  const cancel = (): void => {
    cancelledAt = epochMs();
    onCancel?.();
    call.cancel();
  };
  const canceller = cancelAfterMs === undefined ? undefined : setTimeout(cancel, cancelAfterMs);
  const { promise: hangs, resolve } = Promise.withResolvers<undefined>();
  const watchdog = setTimeout(() => resolve(undefined), deadlineMs + GRACE_MS);
  const status = await Promise.race([call.status, hangs]);
  clearTimeout(watchdog);
  clearTimeout(canceller);
  const failure = failureIn(call.details());
  return {
    plan,
    status,
    endedAt: epochMs(),
    ...(cancelledAt !== undefined && { cancelledAt }),
    ...(failure && { failure }),
    ...reader.outcome(),
  };
}

function failureIn(details: Buffer | undefined): StatusDetail | undefined {
  if (details === undefined) return undefined;
  return detailsIn(details).find((one) => one['@type'] === 'tamma.provider.v1.FailureInfo');
}

/** Puts together what a caller has. */
class Reader {
  #content = new Content();
  #completed: Completed | undefined;
  #disorder: string | undefined;
  #count = 0;

  read(message: Message): void {
    this.#count += 1;
    if (this.#completed !== undefined) this.#disorder = 'something behind completed';
    if (message.response) {
      this.#content.addText(message.response.content);
      for (const [index, called] of message.response.toolCalls.entries()) {
        this.#content.addToolCall(index, { ...called, fragment: called.arguments });
      }
      this.#completed = message.response;
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
    this.#completed = completed;
    const whole = completed.toolCalls.map(({ id, name, arguments: args }) => ({
      id,
      name,
      arguments: args,
    }));
    if (!isDeepStrictEqual(whole, this.#content.toolCalls)) {
      this.#disorder = 'other tool calls than were streamed';
    }
  }
}
