import type { Clock } from '../../src/core/clock.ts';
import { Counted } from '../../src/core/counted.ts';
import { SILENT } from '../../src/core/provider-log.ts';
import type { UpstreamAnswers } from '../../src/core/upstream-answers.ts';
import { noLedger } from '../../src/money/ledger/no-ledger.ts';
import { type Keeper, KeptRegister } from '../../src/policies/recovery/kept-register.ts';

/** Of a process without a data directory. */
export function nothingKept(clock: Clock): KeptRegister {
  return new KeptRegister({ book: () => noLedger().kept, clock, log: SILENT });
}

/** An upstream that deletes answers as `remove` does. Default: at once. */
export function aKeeper(
  name = 'default',
  remove: UpstreamAnswers['remove'] = async () => {},
  endpoint = 'https://api.openai.com',
): Keeper & { readonly isClosed: () => boolean } {
  let closed = false;
  const upstream = new Counted({ endpoint, answers: { remove } }, () => {
    closed = true;
  });
  upstream.hold();
  return { name, upstream, isClosed: () => closed };
}
