import type { Clock } from '../../src/core/clock.ts';
import { SILENT } from '../../src/core/provider-log.ts';
import { noLedger } from '../../src/money/ledger/no-ledger.ts';
import { KeptRegister } from '../../src/policies/recovery/kept-register.ts';

/** Of upstreams that keep nothing. */
export function nothingKept(clock: Clock): KeptRegister {
  return new KeptRegister({ book: noLedger().kept, keepers: [], clock, log: SILENT });
}
