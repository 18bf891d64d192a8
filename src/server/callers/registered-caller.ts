import type { Caller } from '../../core/caller.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { type CallerLimitOptions, CallerLimits } from './caller-limits.ts';
import type { Right } from './rights.ts';

export interface CallerOptions {
  /** Unique. */
  readonly name: string;
  /** The file with its tokens: see `parseTokens`. It has this, `san` or `subject`. */
  readonly tokenFile?: string;
  /** Pattern of a DNS name or URI in its certificate, `spiffe://cluster.local/ns/shop/sa/*`. */
  readonly san?: string;
  /** Pattern of the subject of its JWTs, `system:serviceaccount:shop:*`. */
  readonly subject?: string;
  /** The only project that it may act for. Absent: any. */
  readonly projectId?: string;
  /** The only user that it may act for. Absent: any. */
  readonly userId?: string;
  readonly rights: readonly Right[];
  readonly limits: CallerLimitOptions;
}

/** One of the configured callers. */
export class RegisteredCaller implements Caller {
  readonly name: string;
  readonly projectId?: string;
  readonly userId?: string;
  readonly withoutUsage?: true;
  readonly limits: CallerLimits;
  readonly #rights: ReadonlySet<Right>;

  constructor(options: CallerOptions, clock: Clock) {
    const { name, projectId, userId } = options;
    this.name = name;
    if (projectId !== undefined) this.projectId = projectId;
    if (userId !== undefined) this.userId = userId;
    this.#rights = new Set(options.rights);
    if (!this.#rights.has('usage')) this.withoutUsage = true;
    this.limits = new CallerLimits(name, options.limits, clock);
  }

  /** @throws ProviderError PERMISSION_DENIED if it has not this right */
  require(right: Right): void {
    if (this.#rights.has(right)) return;
    throw new ProviderError('PERMISSION_DENIED', {
      message: `The caller ${this.name} has not the right to ${right}.`,
    });
  }
}
