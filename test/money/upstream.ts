import { setTimeout as sleep } from 'node:timers/promises';
import { Bill } from '../support/upstream/bill.ts';
import { billedAnswer } from '../support/upstream/billed-answer.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';
import { type Plan, scriptAt } from './plan.ts';

/** An upstream that answers each call as it was planned, and keeps the bill. */
export class BilledUpstream {
  readonly bill = new Bill();
  readonly #plans = new Map<string, Plan>();
  readonly #stub: StubUpstream;

  static async start(): Promise<BilledUpstream> {
    return new BilledUpstream(await startStubUpstream({ keepRequests: false }));
  }

  private constructor(stub: StubUpstream) {
    this.#stub = stub;
    stub.setDefault(
      billedAnswer(this.bill, (line) =>
        scriptAt(this.planOf(line.question), this.bill.ofTrace(line.traceId).length - 1),
      ),
    );
  }

  get url(): string {
    return this.#stub.url;
  }

  /** Makes a plan known before its call is made. */
  expect(plan: Plan): Plan {
    this.#plans.set(plan.question, plan);
    return plan;
  }

  planOf(question: string): Plan {
    const plan = this.#plans.get(question);
    if (plan === undefined) throw new Error('a request that no call asked for');
    return plan;
  }

  /** Waits until all requests have ended. */
  async settle(): Promise<void> {
    while (this.bill.running > 0) await sleep(20);
  }

  close(): Promise<void> {
    return this.#stub.close();
  }
}
