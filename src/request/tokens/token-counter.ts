import type { Worker } from 'node:worker_threads';
import { LoopTurns } from '../../core/loop-turns.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { Model, TokenizerName } from '../../core/model.ts';
import type { TextCount } from './count-texts.ts';
import { layOut } from './lay-out.ts';
import type { Prompt } from './prompt.ts';
import { startTokenWorker, TokenThread } from './token-thread.ts';

/** How many tokens a prompt has, and who says so. */
export interface TokenCount {
  readonly inputTokens: number;
  readonly estimated: boolean;
  readonly model: string;
  readonly tokenizer: string;
  /** 0: not known. */
  readonly contextWindow: number;
}

export interface TokenCounterOptions {
  /** Of a thread of its own. Default: all counters of the process share one, since a tokenizer takes 80 MiB. */
  readonly startWorker?: () => Worker;
}

/** Schemas up to this length are laid out at once, all those of a request together. */
const SMALL_LENGTH = 16 * 1024;

/**
 * Of longer ones so much in one turn of the event loop, with some turns for everything else between two. Hundreds of calls
 * that are cancelled together have their prompts counted together.
 */
const turns = new LoopTurns(128 * 1024, 4);

/** Of this process. */
const sharedThread = new TokenThread(startTokenWorker);

/** Counts the tokens of requests and answers, in a worker thread. */
export class TokenCounter {
  readonly #thread: TokenThread;

  constructor({ startWorker }: TokenCounterOptions = {}) {
    this.#thread = startWorker === undefined ? sharedThread : new TokenThread(startWorker);
    this.#thread.hold(this);
  }

  /**
   * Counts what `request` costs as input to `model`; `request.model` is not looked at. The answer
   * calls the model `name`.
   *
   * Rejects with `signal.reason` when `signal` aborts, with SHUTTING_DOWN after `close`, and with
   * INTERNAL if the worker thread dies.
   */
  async count(
    name: string,
    model: Model,
    request: MessageRequest,
    signal: AbortSignal,
  ): Promise<TokenCount> {
    const [count] = await this.countEach(name, model, [request], signal);
    return count as TokenCount;
  }

  /** As `count` does, each of many that belong together: for each by itself the thread would have to be asked. */
  async countEach(
    name: string,
    model: Model,
    requests: readonly MessageRequest[],
    signal: AbortSignal,
  ): Promise<readonly TokenCount[]> {
    signal.throwIfAborted();
    const { id, tokenizer, tokenizerAssumed, contextWindow = 0 } = model;
    const length = requests.reduce((sum, request) => sum + schemasLength(request), 0);
    const turn = length > SMALL_LENGTH ? turns.turn(length) : undefined;
    if (turn !== undefined) {
      await turn;
      signal.throwIfAborted();
    }
    const laidOut = requests.map((request) => layOut(id, tokenizer, request));
    const prompts = laidOut.map(({ texts }) => texts);
    const counts = await this.#thread.ask(this, { tokenizer, prompts }, signal);
    return counts.map(({ tokens, exact }, at) => {
      const { fixedTokens, estimated } = laidOut[at] as Prompt;
      return {
        inputTokens: fixedTokens + tokens,
        estimated: estimated || !exact || tokenizerAssumed,
        model: name,
        tokenizer,
        contextWindow,
      };
    });
  }

  /** Counts the tokens of a text by the tokenizer of `model`. Rejects as `count` does. */
  async countText(model: Model, text: string, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const { tokenizer } = model;
    const [count] = await this.#thread.ask(this, { tokenizer, prompts: [[text]] }, signal);
    return (count as TextCount).tokens;
  }

  /** Starts the thread and loads a tokenizer, half a second that the first count takes otherwise. Never rejects. */
  async load(tokenizer: TokenizerName): Promise<void> {
    try {
      const { signal } = new AbortController();
      await this.#thread.ask(this, { tokenizer, prompts: [] }, signal);
    } catch {
      // Whoever counts is told.
    }
  }

  /** Counts that still run are rejected with SHUTTING_DOWN. The thread ends with the last counter that has it. */
  async close(): Promise<void> {
    await this.#thread.release(this);
  }
}

function schemasLength({ tools = [] }: MessageRequest): number {
  return tools.reduce((length, { inputSchema = '' }) => length + inputSchema.length, 0);
}
