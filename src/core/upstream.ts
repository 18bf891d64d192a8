import type { Handler } from './call.ts';
import type { UpstreamAnswers } from './upstream-answers.ts';
import type { UpstreamBatches } from './upstream-batches.ts';

/** An OpenAI-compatible endpoint, as the pipeline sees it. */
export interface Upstream {
  /** Scheme, host and port: `https://api.openai.com`. */
  readonly endpoint: string;
  /** One attempt at one answer, with the API key that the call says. The last handler of the pipeline. */
  readonly answer: Handler;
  /** The models the upstream lists to one of the keys. Rejects with ProviderError. */
  listModels(signal: AbortSignal): Promise<readonly ListedModel[]>;
  /** Its Batch API, whether it has one or not. */
  readonly batches: UpstreamBatches;
  /** Makes ready what the first request needs, and sends none. Never rejects. */
  warm(): Promise<void>;
  /** Answers that it keeps because a call said so. */
  readonly answers: UpstreamAnswers;
  /** Closes idle connections and breaks those in use. */
  close(): Promise<void>;
}

export interface ListedModel {
  readonly id: string;
  /** ISO 8601 day, empty if the upstream announces none. */
  readonly shutdownDate: string;
}
