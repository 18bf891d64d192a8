import type { AttemptProgress, Emit, Stage } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Usage } from '../../core/usage.ts';
import { Kept } from '../../telemetry/kept.ts';
import {
  AttemptMeter,
  type KeptAttributes,
  type MeteringDeps,
  type ToolCalls,
} from './attempt-meter.ts';

/**
 * Charges one attempt to its call: what the upstream reports, be it in the middle, or, where it does not
 * come to that, the prompt and what was received, counted. The charge is in the call's record and in the ledger before
 * the attempt's end is seen outside.
 *
 * An attempt that fails without output costs nothing, for the upstream did not answer, unless that says what it used. One that the
 * caller, the deadline or the drain ends costs its prompt from the moment it is sent. So does one whose
 * answer the upstream may go on with although nobody heard of it, and a usual answer as well.
 */
export function metering(deps: MeteringDeps): Stage {
  const kept: KeptAttributes = new Kept();
  return (next) =>
    async function metered(call, emit) {
      const meter = new AttemptMeter(deps, kept, call);
      const onProgress = (progress: AttemptProgress) => {
        meter.markSent();
        call.onProgress(progress);
      };
      const pass: Emit = (event) => {
        meter.see(event);
        emit(event);
      };
      try {
        const onLost = () => meter.markLost();
        const onFailedUsage = (used: Usage, tier: string) => meter.markFailed(used, tier);
        const onFailedCalls = (calls: ToolCalls) => meter.markCalls(calls);
        const told = { onProgress, onLost, onFailedUsage, onFailedCalls };
        const completed = await next({ ...call, ...told }, pass);
        const { usage } = completed;
        return meter.complete(completed, usage.estimated ? await meter.fillIn(usage) : usage);
      } catch (thrown) {
        const error = ProviderError.from(thrown);
        // Disposed of, in a process without a drain, the connections break before the signal.
        await meter.end(error, call.signal.aborted || error.reason === 'SHUTTING_DOWN');
        throw error;
      }
    };
}
