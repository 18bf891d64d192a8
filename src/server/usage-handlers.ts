import { ProviderError } from '../core/errors.ts';
import { present } from '../core/present.ts';
import { IAIUsageProviderService } from '../gen/tamma/provider/v1/usage_provider.ts';
import type { IAIUsageProvider } from '../provider/provider.ts';
import { ownBudgets, ownQuery } from './callers/own.ts';
import { toWireBudget } from './convert/budget.ts';
import { text } from './convert/present.ts';
import { fromWireUsageQuery, toWireUsageSums } from './convert/usage-sums.ts';
import { WireViolations } from './convert/violations.ts';
import type { RawHandlers } from './rpc/raw-service.ts';
import type { Rpcs } from './rpc/rpc.ts';

export interface UsageHandlerDeps {
  readonly rpcs: Rpcs;
  readonly provider: IAIUsageProvider;
}

/** Budgets per user are as many as there are users; a message has its bounds. */
const MAX_BUDGETS = 1_000;

const METHODS = IAIUsageProviderService;

/** tamma.provider.v1.IAIUsageProvider over the in-process provider. */
export function createUsageHandlers({
  rpcs,
  provider,
}: UsageHandlerDeps): RawHandlers<typeof IAIUsageProviderService> {
  return {
    getUsage: rpcs.unary(METHODS.getUsage, {}, async (request, { signal, caller }) => {
      const violations = new WireViolations();
      const query = fromWireUsageQuery(request, violations);
      if (violations.found.length > 0) {
        throw new ProviderError('INVALID_REQUEST', { fieldViolations: violations.found });
      }
      return toWireUsageSums(await provider.getUsage(ownQuery(query, caller), { signal }));
    }),
    getBudgets: rpcs.unary(METHODS.getBudgets, {}, (request, { caller }) => {
      const { name, userId, projectId, model } = request;
      const query = present({
        name: text(name),
        userId: text(userId),
        projectId: text(projectId),
        model: text(model),
      });
      const budgets = ownBudgets(provider.getBudgets(ownQuery(query, caller)), caller);
      return {
        budgets: budgets.slice(0, MAX_BUDGETS).map(toWireBudget),
        truncated: budgets.length > MAX_BUDGETS,
      };
    }),
  };
}
