import type { Tracer } from '@opentelemetry/api';
import type { Instruments } from '../telemetry/instruments.ts';
import type { ModelLabels } from '../telemetry/model-label.ts';
import type { Handler, Stage } from './call.ts';
import { accounting } from './stages/accounting.ts';
import { attempt } from './stages/attempt.ts';
import type { ServerAddress } from './stages/attempt-attributes.ts';
import { type AttemptTimeouts, attemptTimeout } from './stages/attempt-timeout.ts';
import { type FitContextDeps, fitContext } from './stages/fit-context.ts';
import { observe } from './stages/observe.ts';
import { type PrepareDeps, type PrepareOptions, prepare } from './stages/prepare.ts';
import { recovery } from './stages/recovery.ts';
import { upstreamHealth } from './stages/upstream-health.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamHealth } from './upstream-health.ts';

export interface PipelineOptions extends PrepareOptions {
  readonly timeouts: AttemptTimeouts;
}

export interface PipelineDeps extends PrepareDeps, FitContextDeps {
  readonly upstream: Upstream;
  readonly health: UpstreamHealth;
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly labels: ModelLabels;
}

/** What happens to a call, outermost first. */
export function createPipeline(options: PipelineOptions, deps: PipelineDeps): Handler {
  const server = serverAddress(deps.upstream.endpoint);
  const stages: readonly Stage[] = [
    observe(deps), //            sees rejections too; guards "exactly one completed, last"
    prepare(options, deps), //   the cheapest refusal: resolves the model, validates the request
    fitContext(deps), //         what is cached, reserved and estimated is what will be sent
    // cache                     a hit spends neither budget nor rate
    // budget                    reserves going in, settles going out
    accounting(), //             usage over all attempts, whatever became of them
    recovery(), //               what the caller sees of a break, once the attempts below are used up
    // fallback                  over targets
    // retry                     attempts on one target
    // rate limit                per attempt and target: every attempt counts at the upstream
    // breaker                   per target
    upstreamHealth(deps), //     what GetStatus tells of the upstream
    attempt({ ...deps, server }), // numbers the attempt; its client span and metrics
    attemptTimeout(options.timeouts, deps.clock), // connect, headers, first token, idle
  ];
  return stages.reduceRight<Handler>((next, stage) => stage(next), deps.upstream.answer);
}

function serverAddress(endpoint: string): ServerAddress {
  const { hostname, port, protocol } = new URL(endpoint);
  return { address: hostname, port: Number(port) || (protocol === 'http:' ? 80 : 443) };
}
