import type { Duration } from '../../gen/google/protobuf/duration.ts';
import type * as wire from '../../gen/tamma/provider/v1/event.ts';
import type { SendOptions } from '../../provider/provider.ts';
import { STREAM_RECOVERY } from './enums.ts';
import { present } from './present.ts';
import { fromDuration } from './time.ts';
import { optionalEnum, type Violations } from './violations.ts';

/** How a call streams. Ranges are the pipeline's to check. */
export function fromWireOptions(
  options: wire.StreamOptions | undefined,
  violations: Violations,
): Pick<SendOptions, 'recovery' | 'firstTokenTimeoutMs' | 'idleTimeoutMs'> {
  if (options === undefined) return {};
  return present({
    recovery: optionalEnum(STREAM_RECOVERY, options.recovery, 'options.recovery', violations),
    firstTokenTimeoutMs: fromWireTimeout(
      options.firstTokenTimeout,
      'options.first_token_timeout',
      violations,
    ),
    idleTimeoutMs: fromWireTimeout(options.idleTimeout, 'options.idle_timeout', violations),
  });
}

function fromWireTimeout(
  duration: Duration | undefined,
  field: string,
  violations: Violations,
): number | undefined {
  if (duration === undefined) return undefined;
  return (
    fromDuration(duration) ??
    violations.add(field, 'must be a valid duration: at most 10,000 years, one sign')
  );
}
