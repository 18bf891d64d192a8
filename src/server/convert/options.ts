import { present } from '../../core/present.ts';
import type * as wire from '../../gen/tamma/provider/v1/event.ts';
import type { SendOptions } from '../../provider/provider.ts';
import { STREAM_RECOVERY } from './enums.ts';
import { fromWireDuration } from './time.ts';
import { optionalEnum, type WireViolations } from './violations.ts';

/** How a call streams. Ranges are the pipeline's to check. */
export function fromWireOptions(
  options: wire.StreamOptions | undefined,
  violations: WireViolations,
): Pick<SendOptions, 'recovery' | 'firstTokenTimeoutMs' | 'idleTimeoutMs'> {
  if (options === undefined) return {};
  return present({
    recovery: optionalEnum(STREAM_RECOVERY, options.recovery, 'options.recovery', violations),
    firstTokenTimeoutMs: fromWireDuration(
      options.firstTokenTimeout,
      'options.first_token_timeout',
      violations,
    ),
    idleTimeoutMs: fromWireDuration(options.idleTimeout, 'options.idle_timeout', violations),
  });
}
