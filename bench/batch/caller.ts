import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type GrpcClient, type WireMessage } from '../../test/support/grpc-client.ts';
import { customId } from './expected.ts';

/** Of GetBatch, GetUsage or GetBudgets, as far as it is looked at. */
export interface Answer {
  readonly batch: { readonly cost: { readonly usd: string } | null };
  readonly total: { readonly cost: { readonly usd: string } | null };
  readonly budgets: readonly { readonly spent: object; readonly reserved: object }[];
}

/** What a result said: an answer, or a gRPC code. */
export type Told = 'answer' | number;

/** Time for one thing to be done at last, in ms; the largest batch takes some minutes. */
const GIVE_UP_MS = 15 * 60_000;

/** A caller who makes one batch and reads its results, through however many ends of the sidecar. */
export class Caller {
  readonly #address: () => string;
  readonly #items: number;
  #client: GrpcClient | undefined;
  #connected = '';
  /** By custom_id. Each once, or `trouble` says so. */
  readonly results = new Map<string, Told>();
  readonly trouble: string[] = [];
  #sequence = 0;

  /** @param address where the sidecar serves now */
  constructor(address: () => string, items: number) {
    this.#address = address;
    this.#items = items;
  }

  async create(): Promise<string> {
    const { batch } = await untilDone(() =>
      this.#open().batch.upload('CreateBatch', this.#requests()),
    );
    return String((batch as WireMessage).id);
  }

  /** Until the batch has ended. */
  async readAll(batchId: string): Promise<void> {
    await untilDone(() => this.#read(batchId));
  }

  async ask(
    service: 'batch' | 'usage',
    method: string,
    request: WireMessage = {},
  ): Promise<Answer> {
    const answer = await untilDone(() => this.#open()[service].unary(method, request));
    return answer as unknown as Answer;
  }

  close(): void {
    this.#client?.close();
  }

  #open(): GrpcClient {
    const address = this.#address();
    if (this.#client === undefined || address !== this.#connected) {
      this.#client?.close();
      this.#client = connect(address, { 'grpc.max_receive_message_length': -1 });
      this.#connected = address;
    }
    return this.#client;
  }

  *#requests(): Generator<WireMessage> {
    yield { options: { idempotencyKey: 'bench', execution: 'BATCH_EXECUTION_UPSTREAM' } };
    for (let number = 0; number < this.#items; number += 1) {
      const messages = [{ role: 'ROLE_USER', content: `Question ${number}: how much is it?` }];
      yield { item: { customId: customId(number), request: { messages, maxTokens: 300 } } };
    }
  }

  /** Rejects if the stream breaks off. */
  async #read(batchId: string): Promise<void> {
    const request = { batchId, afterSequence: this.#sequence, wait: true };
    const stream = this.#open().batch.stream('StreamBatchResults', request);
    for await (const result of stream) this.#take(result as WireMessage);
  }

  #take(result: WireMessage): void {
    const id = String(result.customId);
    if (this.results.has(id)) this.trouble.push(`${id} has two results`);
    if (result.sequence !== this.#sequence + 1) {
      this.trouble.push(`${result.sequence} came behind ${this.#sequence}`);
    }
    this.#sequence = Number(result.sequence);
    const { code } = (result.error ?? {}) as { readonly code?: number };
    this.results.set(id, result.result === 'response' ? 'answer' : (code ?? -1));
  }
}

/** Tries again while the sidecar is away; in the end it rejects as the last try did. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
    }
    await sleep(50);
  }
}
