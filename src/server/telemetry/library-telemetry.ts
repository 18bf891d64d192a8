import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.ts';
import { ATTRIBUTE, METHOD_OTHER } from '../../telemetry/attributes.ts';
import { extractTraceContext } from '../../telemetry/propagation.ts';
import { sentTrailers } from '../listener/trailers.ts';
import { endRpcSpan, type RpcTelemetryDeps, startRpcSpan } from './rpc-telemetry.ts';

export interface LibraryTelemetryDeps extends Pick<RpcTelemetryDeps, 'tracer' | 'instruments'> {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether there is such a method, by its path. */
  readonly isKnown: (path: string) => boolean;
}

/** Methods that measure themselves. */
const OWN = '/tamma.';

/** Characters of a method's name that a span shows. */
const MAX_NAME = 200;

/**
 * Traces and measures what has no handler of ours: health checks, reflection, and methods that do not
 * exist, which read `_OTHER`. What it does not see is a call that was cancelled before it was begun.
 */
export function traceLibraryCalls(deps: LibraryTelemetryDeps) {
  return (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    const path = headers[':path'] ?? '';
    const known = deps.isKnown(path);
    if (known && path.startsWith(OWN)) return;
    const method = known ? path.slice(1) : METHOD_OTHER;
    const caller = extractTraceContext((key) => headers[key]?.toString());
    const span = startRpcSpan(deps.tracer, method, caller);
    if (!known) span.setAttribute(ATTRIBUTE.rpcMethodOriginal, path.slice(1, MAX_NAME));
    const startedAt = deps.clock.now();
    stream.once('close', () => {
      const attributes = endRpcSpan(span, method, codeOf(stream));
      const seconds = (deps.clock.now() - startedAt) / 1000;
      deps.instruments.rpcServerCallDuration.record(seconds, attributes);
    });
  };
}

/** What its caller was told; CANCELLED if it was told nothing. */
function codeOf(stream: ServerHttp2Stream): string {
  const sent = sentTrailers(stream)?.['grpc-status'] ?? stream.sentHeaders?.['grpc-status'];
  return status[Number(sent ?? status.CANCELLED)] ?? 'UNKNOWN';
}
