import type { Counter } from '@opentelemetry/api';
import type { Clock } from '../../core/clock.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';

/**
 * Why a connection was not had: there are as many as may be, it could not be accepted, TLS failed, or
 * its certificate has a name that may not come.
 */
export type RefusalReason = 'full' | 'accept' | 'tls' | 'client_name';

export interface RefusalsDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: { warn(fields: object, message: string): void };
  readonly counter: Pick<Counter, 'add'>;
}

/** How often a reason is logged at most, in ms: whoever attacks must not fill the log. */
const LOG_EVERY_MS = 10_000;

/** Connections that were refused: all are counted, some are logged. */
export class Refusals {
  readonly #deps: RefusalsDeps;
  readonly #reasons = new Map<RefusalReason, { loggedAt: number; since: number }>();

  constructor(deps: RefusalsDeps) {
    this.#deps = deps;
  }

  note(reason: RefusalReason, err?: unknown): void {
    const { clock, log, counter } = this.#deps;
    counter.add(1, { [ATTRIBUTE.reason]: reason });
    const now = clock.now();
    const last = this.#reasons.get(reason) ?? { loggedAt: Number.NEGATIVE_INFINITY, since: 0 };
    last.since += 1;
    this.#reasons.set(reason, last);
    if (now - last.loggedAt < LOG_EVERY_MS) return;
    log.warn({ reason, connections: last.since, err }, messageFor(err));
    this.#reasons.set(reason, { loggedAt: now, since: 0 });
  }
}

/** OpenSSL's own words do not say that it is a setting: proxies speak TLS 1.2 to upstreams by default. */
function messageFor(err: unknown): string {
  const isTooOld =
    err instanceof Error && 'code' in err && err.code === 'ERR_SSL_UNSUPPORTED_PROTOCOL';
  return isTooOld
    ? 'connections refused: they speak an older TLS than tls.minVersion of the listener'
    : 'connections refused';
}
