import type { Call, Emit } from '../../core/call.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import type { Dialect } from './dialect.ts';

/** Names of models that are remembered. */
const MAX_MODELS = 1_000;

type AnswerCall = (call: Call, emit: Emit) => Promise<Completed>;

/**
 * How a server is spoken to that may refuse `stream_options`, by which usage is asked for: Databricks does, for some of
 * its models. Such a call is asked once more without it, and later ones of the model at once; their usage is an
 * estimate if the server does not tell it unasked.
 */
export class RefusedStreamOptions {
  readonly #dialect: Dialect;
  readonly #bare: Dialect;
  readonly #refused = new Set<string>();
  readonly #tried = new WeakSet<Call>();

  constructor(dialect: Dialect) {
    const { stream_options: _, ...stream } = dialect.stream.chat_completions;
    this.#dialect = dialect;
    this.#bare = { ...dialect, stream: { ...dialect.stream, chat_completions: stream } };
  }

  dialectFor(call: Call): Dialect {
    const isBare = this.#refused.has(call.model) || this.#tried.has(call);
    return isBare ? this.#bare : this.#dialect;
  }

  /**
   * Asks once more without it, where that is what was refused.
   *
   * @returns undefined if it was not
   */
  again(call: Call, emit: Emit, { facts }: ProviderError, ask: AnswerCall) {
    const isBare = this.dialectFor(call) === this.#bare;
    return facts.refusesStreamOptions && !isBare ? this.#without(call, emit, ask) : undefined;
  }

  async #without(call: Call, emit: Emit, ask: AnswerCall): Promise<Completed> {
    const bare = { ...call };
    this.#tried.add(bare);
    const completed = await ask(bare, emit);
    // Only now it is known that the refusal was about that, and did not quote a prompt.
    if (this.#refused.size >= MAX_MODELS) this.#refused.clear();
    this.#refused.add(call.model);
    return completed;
  }
}

/** A refusal of the field by its name, in a response that is no answer: nothing was delivered. */
export function refusesStreamOptions(status: number, message: string, param: string): boolean {
  if (status !== 400 && status !== 422) return false;
  return /^stream_options\b/.test(param) || /\bstream_options\b/.test(message);
}
