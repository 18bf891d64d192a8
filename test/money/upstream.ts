import { setTimeout as sleep } from 'node:timers/promises';
import { type StormUpstream, startStormUpstream } from '../support/storm/upstream.ts';
import { Bill } from '../support/upstream/bill.ts';
import { billedAnswer } from '../support/upstream/billed-answer.ts';
import { type Plan, scriptAt } from './plan.ts';

/** An upstream that answers each call as it was planned, and keeps the bill. */
export class BilledUpstream {
  readonly bill: Bill;
  readonly #plans: Map<string, Plan>;
  readonly #upstream: StormUpstream;

  static async start(): Promise<BilledUpstream> {
    const bill = new Bill();
    const plans = new Map<string, Plan>();
    const answer = billedAnswer(bill, ({ question, traceId }) =>
      scriptAt(planIn(plans, question), bill.ofTrace(traceId).length - 1),
    );
    return new BilledUpstream(bill, plans, await startStormUpstream(answer));
  }

  private constructor(bill: Bill, plans: Map<string, Plan>, upstream: StormUpstream) {
    this.bill = bill;
    this.#plans = plans;
    this.#upstream = upstream;
  }

  get url(): string {
    return this.#upstream.url;
  }

  /** Makes a plan known before its call is made. */
  expect(plan: Plan): Plan {
    this.#plans.set(plan.question, plan);
    return plan;
  }

  planOf(question: string): Plan {
    return planIn(this.#plans, question);
  }

  /** Whether any request of its call has come. */
  hasSeen({ question }: Plan): boolean {
    return this.bill.lines.some((line) => line.question === question);
  }

  /** Waits until all requests have ended. */
  async settle(): Promise<void> {
    while (this.bill.running > 0) await sleep(20);
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }
}

function planIn(plans: ReadonlyMap<string, Plan>, question: string): Plan {
  const plan = plans.get(question);
  if (plan === undefined) throw new Error('a request that no call asked for');
  return plan;
}
