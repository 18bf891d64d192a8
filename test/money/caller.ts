import type { GrpcConnection } from '../../bench/grpc-connection.ts';
import * as storm from '../support/storm/caller.ts';
import type { Plan } from './plan.ts';

export type Outcome = storm.Outcome<Plan>;

/** Makes one call as planned, for its spender, and reads it to its end. */
export function makeCall(plan: Plan, connection: GrpcConnection): Promise<Outcome> {
  const { model, userId, projectId, maxTokens } = plan;
  const fields = {
    model,
    // Elsewhere a setting of the account decides, and a bound must reckon with the dearer one.
    serviceTier: 'default',
    metadata: { user_id: userId, project_id: projectId },
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
  return storm.makeCall(plan, connection, { fields });
}
