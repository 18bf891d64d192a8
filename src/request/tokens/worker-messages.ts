import type { TokenizerName } from '../../core/model.ts';
import type { TextCount } from './count-texts.ts';

/** What the worker is told. */
export type WorkerRequest = CountRequest | CancelRequest;

export interface CountRequest {
  readonly type: 'count';
  /** Chosen by the asker; the answer carries it. */
  readonly id: number;
  readonly tokenizer: TokenizerName;
  /** Of each prompt the texts that stand in it. */
  readonly prompts: readonly (readonly string[])[];
}

/** Stops a count, which is then not answered. */
export interface CancelRequest {
  readonly type: 'cancel';
  readonly id: number;
}

/** What the worker answers. */
export interface CountResponse {
  readonly id: number;
  /** Of each prompt. */
  readonly counts: readonly TextCount[];
}
