import type { Clock } from '../core/clock.ts';
import type { ProviderError } from '../core/errors.ts';
import { pause } from '../core/pause.ts';
import type { BatchOptions } from './options.ts';
import { Polling } from './polling.ts';
import type { Work } from './run-deps.ts';

/** Something that the upstream does, which must not be done twice. */
export interface Deed<T> {
  /** Whether it has been done already; undefined: not as far as the upstream lists it. */
  find(signal: AbortSignal): Promise<T | undefined>;
  act(signal: AbortSignal): Promise<T>;
  /** A process before this one may have done it. */
  readonly mayBeDone: boolean;
  /** Whether a refusal is not to be waited for, though that might help. */
  isFinal(refusal: ProviderError): boolean;
}

interface OnceDeps {
  readonly clock: Clock;
  readonly options: BatchOptions;
}

/** How often the upstream's lists are looked at while something is looked for. */
const LOOKS = 12;

/** How often it is done for a server that takes it, names no id and lists it nowhere: each may be billed. */
const MOST_NAMELESS = 3;

const TROUBLE = 'The upstream did not take it';

/**
 * Sees to it that a deed is done once, as far as that can be known: where it may have been done without
 * our hearing of it, it is looked for, for as long as the upstream may take to list it, before it is
 * done again. Tries again as long as that may help; what is taken and gets no name, three times.
 *
 * Resolves with undefined if it was not done and the batch is to end. Rejects with ProviderError if the
 * upstream refuses it, and with the end of the process.
 */
export async function doOnce<T>(deed: Deed<T>, work: Work, deps: OnceDeps): Promise<T | undefined> {
  const polling = new Polling(work, deps);
  let unclear = deed.mayBeDone;
  const isFinal = finalOf(deed);
  for (;;) {
    const found = unclear ? await lookFor(deed, work, deps) : undefined;
    if (found !== undefined || work.halted !== undefined) return found;
    try {
      return await deed.act(work.stop);
    } catch (thrown) {
      const error = polling.check(thrown, isFinal);
      unclear = mayHaveBeenDone(error);
      await work.problem(`${TROUBLE}: ${error.message}`);
      if (!unclear) await polling.wait(error.facts.retryAfterMs);
    }
  }
}

function finalOf<T>(deed: Deed<T>): Deed<T>['isFinal'] {
  let nameless = 0;
  return (error) => {
    // Of what a proxy says in the upstream's place nothing is known, and no status either.
    if (error.facts.upstreamStatus === 200) nameless += 1;
    return nameless === MOST_NAMELESS || deed.isFinal(error);
  };
}

async function lookFor<T>(
  { find }: Deed<T>,
  work: Work,
  { clock, options }: OnceDeps,
): Promise<T | undefined> {
  const polling = new Polling(work, { clock, options });
  const until = clock.now() + options.lookForMs;
  for (;;) {
    const found = await polling.try(() => find(work.stop), TROUBLE);
    if (found !== undefined) return found;
    if (clock.now() >= until) return undefined;
    await pause(Math.max(1, options.lookForMs / LOOKS), work.stop, clock);
  }
}

/** An answer below 500 says that nothing was done. */
function mayHaveBeenDone({ facts: { upstreamStatus = 0 } }: ProviderError): boolean {
  return upstreamStatus < 300 || upstreamStatus >= 500 || upstreamStatus === 408;
}
