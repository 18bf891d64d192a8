import type { UnknownKind } from '../../core/call.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';

/** Names that are logged, over the life of the process; further ones are only counted. */
const MAX_NAMES = 200;

/**
 * What upstreams send that nobody here knows: counted, and logged once each, so that an operator learns
 * of changes of an API.
 */
export class UnknownLog {
  readonly #instruments: Pick<Instruments, 'unknownParts'>;
  readonly #log: Pick<ProviderLog, 'info'>;
  readonly #named = new Set<string>();

  constructor(instruments: Pick<Instruments, 'unknownParts'>, log: Pick<ProviderLog, 'info'>) {
    this.#instruments = instruments;
    this.#log = log;
  }

  /** @param name that may be shown */
  note(target: string, kind: UnknownKind, name: string): void {
    this.#instruments.unknownParts.add(1, { [ATTRIBUTE.target]: target, [ATTRIBUTE.kind]: kind });
    const key = `${target} ${kind} ${name}`;
    if (this.#named.has(key) || this.#named.size >= MAX_NAMES) return;
    this.#named.add(key);
    this.#log.info({ target, kind, name }, 'the upstream sends something that is not known here');
  }
}
