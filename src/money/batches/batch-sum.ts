import type { SQLInputValue } from 'node:sqlite';
import { smaller } from '../../core/bigint.ts';
import type { Cost, Usage } from '../../core/usage.ts';
import { addUsage } from '../../core/usage.ts';
import { addCost } from '../pricing/cost.ts';
import { MOST_MONEY } from '../pricing/money.ts';
import type { Batch, NewResult } from './batch.ts';

/** What a batch comes to as results are added. */
export class BatchSum {
  #completed: number;
  #failed: number;
  #usage: Usage | undefined;
  #cost: Cost | undefined;

  constructor({ counts, usage, cost }: Batch) {
    this.#completed = counts.completed;
    this.#failed = counts.failed;
    this.#usage = usage;
    this.#cost = cost;
  }

  /** Of the next result. */
  get nextSequence(): number {
    return this.#completed + this.#failed + 1;
  }

  add({ succeeded, usage, cost }: NewResult): void {
    if (succeeded) this.#completed += 1;
    else this.#failed += 1;
    if (usage !== undefined) this.#usage = addUsage(this.#usage, usage);
    if (cost !== undefined) this.#cost = addCost(this.#cost, cost);
  }

  /** Of the batch's row. */
  columns(): Readonly<Record<string, SQLInputValue>> {
    const usage = this.#usage;
    const cost = this.#cost;
    return {
      completed: this.#completed,
      failed: this.#failed,
      ...(usage && {
        input_tokens: Math.round(usage.inputTokens),
        output_tokens: Math.round(usage.outputTokens),
        cache_read_tokens: usage.cacheReadTokens,
        cache_write_tokens: usage.cacheWriteTokens,
        reasoning_tokens: usage.reasoningTokens,
        usage_estimated: Number(usage.estimated),
      }),
      ...(cost && {
        pico_dollars: smaller(cost.picoDollars, MOST_MONEY),
        cost_estimated: Number(cost.estimated),
        unpriced: Number(cost.unpriced),
        catalogue_version: cost.catalogueVersion,
      }),
    };
  }
}
