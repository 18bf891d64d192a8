import {
  type StormUpstream as AnyUpstream,
  startStormUpstream,
} from '../../test/support/storm/upstream.ts';
import {
  answer,
  type RecordedRequest,
  type ServerExchange,
} from '../../test/support/upstream/index.ts';
import { PACE_MS, type Plan } from './plan.ts';

/** Where an upstream's answer was when its caller cancelled. */
export type Stage = 'not asked' | 'before headers' | 'before first token' | 'in the text' | 'over';

export interface StormUpstream extends AnyUpstream {
  /** What became of the request of a call; undefined if none came. */
  recordOf(plan: Plan): RecordedRequest | undefined;
  stageOf(plan: Plan): Stage;
}

/** An upstream that answers each call as planned. */
export async function startUpstream(plans: readonly Plan[]): Promise<StormUpstream> {
  const planned = new Map(plans.map((plan) => [plan.question, plan]));
  const exchanges = new Map<Plan, ServerExchange>();
  const upstream = await startStormUpstream(async (exchange, question) => {
    const plan = planned.get(question);
    if (plan === undefined) throw new Error('a request that no call asked for');
    exchanges.set(plan, exchange);
    await exchange.delay(plan.headersAfterMs);
    exchange.headers();
    await exchange.delay(plan.firstTokenAfterMs);
    await answer({ deltas: plan.deltas, paceMs: PACE_MS })(exchange);
  });
  return {
    ...upstream,
    recordOf: (plan) => exchanges.get(plan)?.request,
    stageOf: (plan) => stage(exchanges.get(plan)),
  };
}

function stage(exchange: ServerExchange | undefined): Stage {
  if (exchange === undefined) return 'not asked';
  const { request, res } = exchange;
  if (request.closedAt !== undefined) return 'over';
  if (request.firstByteAt !== undefined) return 'in the text';
  return res.headersSent ? 'before first token' : 'before headers';
}
