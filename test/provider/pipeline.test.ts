import { describe, expect, it } from '@jest/globals';
import { SILENT } from '../../src/core/provider-log.ts';
import { BudgetBook } from '../../src/money/budget/book.ts';
import { localAccounts } from '../../src/money/budget/local-accounts.ts';
import { noLedger } from '../../src/money/ledger/no-ledger.ts';
import { Repeats } from '../../src/money/repeats/repeats.ts';
import { WaitingRoom } from '../../src/policies/breaker/waiting-room.ts';
import { HedgeShare } from '../../src/policies/hedge/hedge-share.ts';
import { DEFAULT_HEDGE } from '../../src/policies/hedge/options.ts';
import { RetryBudget } from '../../src/policies/retry/budget.ts';
import { DEFAULT_RETRY } from '../../src/policies/retry/options.ts';
import { createPipeline } from '../../src/provider/pipeline.ts';
import { PromptSizes } from '../../src/request/tokens/prompt-sizes.ts';
import { TokenCounter } from '../../src/request/tokens/token-counter.ts';
import { ModelLabels } from '../../src/telemetry/model-label.ts';
import { aRouter, asking } from '../request/route/a-router.ts';
import { drain } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { nothingKept } from '../support/kept.ts';

describe('createPipeline', () => {
  it('fails a call whose route leads to no upstream', async () => {
    const { router, telemetry } = aRouter();
    const { tracer, instruments } = telemetry;
    const clock = new FakeClock();
    const budgets = { budgets: [], minOutputTokens: 256 };
    const pipeline = createPipeline(
      {
        retry: DEFAULT_RETRY,
        hedge: DEFAULT_HEDGE,
        maxWaitMs: 0,
        circuitWaitMs: 0,
        trackingEnabled: true,
        minOutputTokens: 256,
        budgetWaitMs: 60_000,
        unpriced: 'mark',
      },
      {
        upstreams: [],
        enter: () => () => {},
        room: new WaitingRoom(clock),
        router,
        retryBudget: new RetryBudget(DEFAULT_RETRY, clock),
        hedgeShare: new HedgeShare(DEFAULT_HEDGE.maxShare),
        book: new BudgetBook(budgets, localAccounts(noLedger(), []), {
          clock,
          instruments,
          log: SILENT,
        }),
        ledger: noLedger(),
        repeats: new Repeats(clock),
        register: nothingKept(clock),
        sizes: new PromptSizes(new TokenCounter()),
        clock,
        random: () => 0,
        tracer,
        instruments,
        labels: new ModelLabels([]),
        priceNotices: { priced: () => {} },
        log: SILENT,
      },
    );
    const { error } = await drain((emit) => pipeline(asking(), emit));
    expect(error).toMatchObject({
      reason: 'INTERNAL',
      cause: new Error('There is no upstream default.'),
    });
  });
});
