import type { ProviderLog } from '../../core/provider-log.ts';
import { type ScriptRunner, StoreAwayError } from '../redis/script.ts';
import type { SidecarIdentity } from '../redis/sidecar.ts';
import { type AccountAnswer, argumentsOf, readAnswers } from './account-report.ts';
import type { LeasedAccount } from './leased-account.ts';
import { BUDGET_SCRIPT } from './script.ts';

export interface AccountReporterDeps {
  readonly sidecar: SidecarIdentity;
  /** Where the server has of which accounts it holds leases. */
  readonly leases: string;
  readonly leaseMs: number;
  readonly log: Pick<ProviderLog, 'error'>;
  /** The server has answered. */
  readonly onAnswer: () => void;
  /** By its answer the server had lost its data. */
  readonly onLost: () => void;
  /** Another process has the name. */
  readonly onTaken: () => void;
}

/** Tells the server of accounts, and the accounts what it says to that. What goes wrong is logged once. */
export class AccountReporter {
  readonly #runner: ScriptRunner;
  readonly #deps: AccountReporterDeps;
  #sequence = 0;
  /** That it refuses was logged. */
  #isRefused = false;

  constructor(runner: ScriptRunner, deps: AccountReporterDeps) {
    this.#runner = runner;
    this.#deps = deps;
  }

  /** Never rejects. @param closing it is the last time */
  async report(accounts: readonly LeasedAccount[], closing: boolean): Promise<void> {
    const sent = accounts.map((account) => {
      this.#sequence += 1;
      return { account, report: account.report(this.#sequence, closing) };
    });
    const { sidecar, leases, leaseMs } = this.#deps;
    const reports = sent.map(({ report }) => report);
    const keys = [...reports.map(({ key }) => key), leases];
    const answers = await this.#ask(keys, argumentsOf(sidecar, leaseMs, reports));
    for (const [index, { account, report }] of sent.entries()) {
      const answer = answers[index];
      if (answer?.kind === 'granted') {
        account.granted(report, answer);
        if (answer.lost) this.#deps.onLost();
      }
      if (answer?.kind === 'taken') {
        account.taken();
        this.#deps.onTaken();
      }
    }
  }

  /** Nothing if it fails. */
  async #ask(keys: readonly string[], args: readonly string[]): Promise<readonly AccountAnswer[]> {
    try {
      const answers = readAnswers(await this.#runner.run(BUDGET_SCRIPT, keys, args));
      this.#deps.onAnswer();
      this.#isRefused = false;
      return answers;
    } catch (err) {
      // Of its being away the connection tells.
      if (!(err instanceof StoreAwayError) && !this.#isRefused) {
        this.#isRefused = true;
        this.#deps.log.error({ err }, 'the shared store refuses to keep budgets');
      }
      return [];
    }
  }
}
