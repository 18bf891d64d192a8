import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import {
  type CallSettings,
  codeName,
  type GrpcClient,
  type StatusDetail,
  statusDetail,
  type WireMessage,
} from '../support/grpc-client.ts';
import type { Plan } from './plan.ts';

/** How one call went. */
export interface Outcome {
  readonly plan: Plan;
  /** Name of the gRPC status: `OK`, `CANCELLED`. */
  readonly code: string;
  /** Epoch ms. */
  readonly endedAt: number;
  /** Of an answer: `completed`, or the response of SendMessageSync. */
  readonly completed?: WireMessage;
  /** The FailureInfo of a call that failed, if it came as far as the sidecar. */
  readonly failure?: StatusDetail;
}

/** Makes one call as planned, and reads it to its end. */
export async function makeCall(plan: Plan, client: GrpcClient): Promise<Outcome> {
  const controller = new AbortController();
  const { cancelAfterMs } = plan;
  const canceller =
    cancelAfterMs === undefined ? undefined : setTimeout(() => controller.abort(), cancelAfterMs);
  const settings = { deadline: Date.now() + plan.deadlineMs, signal: controller.signal };
  try {
    return await (plan.sync ? askSync : askStream)(plan, client, settings);
  } finally {
    clearTimeout(canceller);
  }
}

async function askStream(plan: Plan, client: GrpcClient, settings: CallSettings): Promise<Outcome> {
  const stream = client.provider.stream('SendMessage', request(plan), settings);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let completed: WireMessage | undefined;
  stream.on('data', (message: WireMessage) => {
    if (message.event === 'completed') completed = message.completed as WireMessage;
  });
  // The status brings the same, and comes for good ends too.
  stream.on('error', () => {});
  stream.on('status', (status: StatusObject) => resolve(outcome(plan, status, completed)));
  return promise;
}

async function askSync(plan: Plan, client: GrpcClient, settings: CallSettings): Promise<Outcome> {
  const { request: asked } = request(plan);
  try {
    const { response } = await client.provider.unary(
      'SendMessageSync',
      { request: asked },
      settings,
    );
    return { plan, code: 'OK', endedAt: Date.now(), completed: response as WireMessage };
  } catch (error) {
    return outcome(plan, error as ServiceError, undefined);
  }
}

function outcome(
  plan: Plan,
  status: Pick<ServiceError, 'code' | 'metadata'>,
  completed: WireMessage | undefined,
): Outcome {
  const code = codeName(status);
  const failure = code === 'OK' ? undefined : failureInfo(status);
  return {
    plan,
    code,
    endedAt: Date.now(),
    ...(completed && { completed }),
    ...(failure && { failure }),
  };
}

function failureInfo(status: Pick<ServiceError, 'metadata'>): StatusDetail | undefined {
  if (status.metadata.get('grpc-status-details-bin').length === 0) return undefined;
  return statusDetail(status, 'tamma.provider.v1.FailureInfo');
}

function request(plan: Plan) {
  const { question, model, userId, projectId, recovery, maxTokens } = plan;
  return {
    request: {
      model,
      messages: [{ role: 'ROLE_USER', content: question }],
      // Elsewhere a setting of the account decides, and a bound must reckon with the dearer one.
      serviceTier: 'default',
      metadata: { user_id: userId, project_id: projectId },
      ...(maxTokens === undefined ? {} : { maxTokens }),
    },
    options: { recovery },
  };
}
