import type { Call, Stage } from '../call.ts';
import { ProviderError } from '../errors.ts';
import type { Completed, ProviderEvent, Usage } from '../events.ts';
import { addUsage, estimatedUsage, estimateInputTokens, estimateTokens } from '../usage.ts';

/**
 * Sums usage over all attempts of a call: into `completed` if there is one, and into the call's
 * record whatever became of it. Where the upstream did not say, it is estimated from what was sent
 * and received.
 */
export function accounting(): Stage {
  return (next) =>
    async function* (call) {
      const tally = new Tally(call);
      let failure: ProviderError | undefined;
      try {
        for await (const event of next(call)) {
          if (event.type === 'completed') yield tally.complete(event);
          else {
            tally.add(event);
            yield event;
          }
        }
      } catch (thrown) {
        failure = ProviderError.from(thrown);
        throw failure;
      } finally {
        const usage = tally.settle(failure);
        if (usage !== undefined) call.record.usage = usage;
      }
    };
}

/** What one call has consumed so far. */
class Tally {
  readonly #call: Call;
  /** Of attempts that are over. */
  #settled: Usage | undefined;
  #running = false;
  #textTokens = 0;
  #otherCharacters = 0;

  constructor(call: Call) {
    this.#call = call;
  }

  add(event: ProviderEvent): void {
    switch (event.type) {
      case 'started':
        this.#running = true;
        break;
      case 'textDelta':
        this.#textTokens = event.outputTokensSoFar;
        break;
      case 'reasoningDelta':
      case 'refusalDelta':
        this.#otherCharacters += event.text.length;
        break;
      case 'toolCallDelta':
        this.#otherCharacters += event.name.length + event.argumentsFragment.length;
        break;
      case 'attemptReset':
        this.#settleRunning();
        break;
    }
  }

  complete(event: Completed): Completed {
    const usage = event.usage.estimated ? this.#fillIn(event.usage) : event.usage;
    this.#settled = addUsage(this.#settled, usage);
    this.#running = false;
    return this.#settled === event.usage ? event : { ...event, usage: this.#settled };
  }

  /** Ends the count. A prompt that was sent but not answered counts too: it is billed. */
  settle(failure: ProviderError | undefined): Usage | undefined {
    if (failure !== undefined && wasSentInVain(this.#call, failure)) this.#running = true;
    this.#settleRunning();
    return this.#settled;
  }

  #settleRunning(): void {
    if (!this.#running) return;
    this.#settled = addUsage(this.#settled, this.#fillIn(estimatedUsage(0, 0)));
    this.#running = false;
    this.#textTokens = 0;
    this.#otherCharacters = 0;
  }

  /** Upstream counts win where they are given; 0 of an estimated usage means not given. */
  #fillIn(usage: Usage): Usage {
    const input = usage.inputTokens || estimateInputTokens(this.#call.request);
    const output = usage.outputTokens || this.#textTokens + estimateTokens(this.#otherCharacters);
    return { ...usage, inputTokens: input, outputTokens: output, totalTokens: input + output };
  }
}

/** Whether an attempt without any event was cut off while the upstream was at work on it. */
function wasSentInVain(call: Call, failure: ProviderError): boolean {
  if (call.record.attempts === 0) return false;
  switch (failure.reason) {
    case 'CANCELLED':
    case 'DEADLINE_EXCEEDED':
    case 'SHUTTING_DOWN':
      return true;
    case 'TIMEOUT':
      return failure.facts.timeoutPhase !== 'connect';
    default:
      return false;
  }
}
