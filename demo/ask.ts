import { randomBytes } from 'node:crypto';
import { collect, type GrpcClient } from '../test/support/grpc-client.ts';

/** The part of the contract's messages that is shown here; proto-loader types none of it. */
interface AnswerEvent {
  readonly textDelta?: { readonly text: string };
  readonly completed?: Completed;
}

export interface Completed {
  readonly finishReason: string;
  readonly model: string;
  readonly attempts: number;
  readonly usage: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly totalTokens: number;
    readonly estimated: boolean;
  };
  /** Null if costs are not tracked. */
  readonly cost: {
    readonly unpriced: boolean;
    readonly total: {
      readonly units: number;
      readonly nanos: number;
      readonly currencyCode: string;
    };
  } | null;
}

export interface Outcome {
  /** Of the trace that the call started. */
  readonly traceId: string;
  readonly status: Awaited<ReturnType<typeof collect>>['status'];
  /** Absent unless the call ended OK. */
  readonly completed: Completed | undefined;
  /** All that arrived. */
  readonly text: string;
  /** From the call to its first text; absent if there was none. */
  readonly firstTextMs: number | undefined;
  readonly totalMs: number;
}

/** The request that asks `prompt`, as the contract's JSON; `resumes`: a break is to be mended. */
export function requestFor(prompt: string, resumes: boolean): object {
  return {
    request: { messages: [{ role: 'ROLE_USER', content: prompt }] },
    ...(resumes && { options: { recovery: 'STREAM_RECOVERY_RESUME' } }),
  };
}

/** Asks once, as any service would, and hands over the text as it arrives. */
export async function ask(
  client: GrpcClient,
  request: object,
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const traceId = randomBytes(16).toString('hex');
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
  const startedAt = performance.now();
  let firstTextMs: number | undefined;
  const stream = client.provider.stream(
    'SendMessage',
    { ...request },
    { metadata: { traceparent }, signal },
  );
  let text = '';
  stream.on('data', ({ textDelta }: AnswerEvent) => {
    if (!textDelta) return;
    firstTextMs ??= performance.now() - startedAt;
    text += textDelta.text;
    onText(textDelta.text);
  });
  const { messages, status } = await collect(stream);
  const { completed } = (messages.at(-1) ?? {}) as AnswerEvent;
  return {
    traceId,
    status,
    completed: completed ?? undefined,
    text,
    firstTextMs,
    totalMs: performance.now() - startedAt,
  };
}
