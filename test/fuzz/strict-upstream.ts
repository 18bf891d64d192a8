import { strict } from '../../src/simulator/strict/strict.ts';
import type { Rejection } from '../../src/simulator/strict/strict-error.ts';
import { answer, type Behaviour, type RecordedRequest } from '../support/upstream/index.ts';

/** Watches what reaches OpenAI's stand-in, and what of it OpenAI would not have taken. */
export class StrictUpstream {
  readonly behaviour: Behaviour;
  /** Requests that were taken. */
  accepted = 0;
  #defect: string | undefined;

  /** @param today ISO 8601 day that decides which models are shut down. */
  constructor(today: string) {
    const accept = answer();
    this.behaviour = strict({
      today,
      answer: (exchange) => {
        this.accepted += 1;
        this.#defect ??= breachOfTrust(exchange.request);
        return accept(exchange);
      },
      onRejection: (rejection, request) => {
        this.#defect ??= describe(rejection, request);
      },
    });
  }

  /** Throws if, since the last time, something arrived that never should have. */
  assertNothingRejected(): void {
    const defect = this.#defect;
    this.#defect = undefined;
    if (defect !== undefined) throw new Error(defect);
  }
}

/** What OpenAI would take and this provider promises not to send. */
function breachOfTrust({ path, body }: RecordedRequest): string | undefined {
  if (Object.hasOwn(body, 'metadata')) return 'metadata was sent';
  if (path === '/v1/responses' && body.store !== false) return 'OpenAI was allowed to store';
  return undefined;
}

function describe({ message, param }: Rejection, { path, rawBody }: RecordedRequest): string {
  return `OpenAI rejects ${param} at ${path}: ${message}\n${rawBody.slice(0, 2000)}`;
}
