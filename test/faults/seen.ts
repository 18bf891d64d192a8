import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import {
  type CallSettings,
  collect,
  type GrpcClient,
  type WireMessage,
} from '../support/grpc-client.ts';
import { expectInvariant, textsOf } from '../support/invariant.ts';
import { aRequest } from '../support/running-app.ts';
import type { Mode } from '../support/storm/plan.ts';

export type { Mode };

/** What a caller saw of a call. */
export interface Seen {
  /** Of each attempt that delivered anything, the last one at the end. */
  readonly texts: readonly string[];
  /** Absent: it failed. */
  readonly answer?: Answer;
  /** Absent: it succeeded. */
  readonly failure?: StatusObject | ServiceError;
}

/** `completed`, or the response of SendMessageSync, as far as they tell the same. */
export interface Answer {
  readonly model: string;
  readonly target: string;
  readonly attempts: number;
  readonly failedAttempts: readonly WireMessage[];
  readonly usage: WireMessage;
}

/** Makes one call, and checks what holds for every call. */
export async function see(
  client: GrpcClient,
  mode: Mode,
  fields: object = {},
  settings: CallSettings = {},
): Promise<Seen> {
  const { request } = aRequest();
  const asked = { ...request, ...fields };
  if (mode === 'sync') return seeAnswer(client, asked, settings);
  const options = { recovery: `STREAM_RECOVERY_${mode}` };
  return seeStream(client, { request: asked, options }, settings);
}

async function seeAnswer(
  { provider }: GrpcClient,
  request: object,
  settings: CallSettings,
): Promise<Seen> {
  try {
    const { response } = await provider.unary('SendMessageSync', { request }, settings);
    const answer = response as Answer & { readonly content: string };
    return { texts: [answer.content], answer };
  } catch (failure) {
    return { texts: [''], failure: failure as StatusObject };
  }
}

async function seeStream(
  { provider }: GrpcClient,
  request: WireMessage,
  settings: CallSettings,
): Promise<Seen> {
  const collected = await collect(provider.stream('SendMessage', request, settings));
  expectInvariant(collected);
  const { messages, status } = collected;
  const texts = textsOf(messages);
  if (status.code !== 0) return { texts, failure: status };
  return { texts, answer: messages.at(-1)?.completed as Answer };
}
