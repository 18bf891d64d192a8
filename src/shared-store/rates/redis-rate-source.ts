import type { Clock } from '../../core/clock.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import type { NewRateSource } from '../../policies/rate-limit/source.ts';
import { Courier } from '../redis/courier.ts';
import { keySpace } from '../redis/keys.ts';
import type { SharedStoreOptions } from '../redis/options.ts';
import { type ScriptRunner, StoreAwayError } from '../redis/script.ts';
import { thisSidecar } from '../redis/sidecar.ts';
import { LeasedRate, type RateKeeper } from './leased-rate.ts';
import { type Draw, type Drawn, drawArguments, RATE_SCRIPT, readDrawn } from './script.ts';

/** How long it is not told again that limits differ, in ms. */
const QUIET_MS = 60_000;

export interface RedisRateSourceDeps {
  readonly clock: Clock;
  readonly log: Pick<ProviderLog, 'warn' | 'error'>;
}

/**
 * Limits that several sidecars share: each draws from one bucket in the server what it needs for about
 * a second, in the background. While the server is away, or slower than is of use, it keeps to its last
 * known fair share.
 */
export function redisRateSource(
  runner: ScriptRunner,
  { keyPrefix, name }: Pick<SharedStoreOptions, 'keyPrefix' | 'name'>,
  { clock, log }: RedisRateSourceDeps,
): NewRateSource {
  const keys = keySpace(keyPrefix);
  const sidecar = thisSidecar(name, false, clock).name;
  const courier = new Courier<LeasedRate>(send);
  const roundTrip = new RoundTrip();
  let refused = false;
  /** Epoch ms. */
  let quietUntil = 0;
  const keeper: RateKeeper = {
    get isUp() {
      return runner.isUp;
    },
    get roundTripMs() {
      return roundTrip.ms;
    },
    request: (rate) => courier.request(rate),
  };

  /** Never rejects. */
  async function send(batch: readonly LeasedRate[]): Promise<void> {
    const askedAt = clock.now();
    const draws = batch.map((rate) => rate.order(askedAt));
    const drawn = await runner
      .run(
        RATE_SCRIPT,
        draws.flatMap((draw) => draw.keys),
        drawArguments(sidecar, draws),
      )
      .then(readDrawn)
      .catch(tell);
    roundTrip.measured(clock.now() - askedAt);
    for (const [index, rate] of batch.entries()) {
      const [draw, answer] = [draws[index], drawn[index]];
      if (draw === undefined || answer === undefined) rate.failed(clock.now());
      else rate.drawn(draw, answer, clock.now());
      if (draw !== undefined && answer !== undefined) compare(draw, answer);
    }
    if (drawn.length > 0) refused = false;
  }

  /** Once a minute: each sidecar refills the common bucket by its own limit. */
  function compare({ keys: [bucket], limit }: Draw, { limit: other = limit }: Drawn): void {
    if (other === limit || clock.now() < quietUntil) return;
    quietUntil = clock.now() + QUIET_MS;
    const fields = { bucket, limit, other };
    log.warn(fields, 'sidecars that share a rate limit are configured with different ones');
  }

  /** Of the server's being away the connection tells. */
  function tell(err: unknown): readonly never[] {
    if (!(err instanceof StoreAwayError) && !refused) {
      refused = true;
      log.error({ err }, 'the shared store refuses to keep rate limits');
    }
    return [];
  }

  return (limit, { upstream, model }, now) => {
    const bucket = keys('rate', upstream, model, limit.subject);
    return new LeasedRate(limit, [bucket, `${bucket}:sidecars`], keeper, now);
  };
}

/** How fast the estimate follows round trips that are longer, and shorter, than it. */
const RISE = 0.5;
const FALL = 0.1;

/** How long the server takes to answer, as it seems. Follows a slow one soon, and forgets it slowly. */
class RoundTrip {
  #ms = 0;

  get ms(): number {
    return this.#ms;
  }

  measured(ms: number): void {
    this.#ms += (ms > this.#ms ? RISE : FALL) * (ms - this.#ms);
  }
}
