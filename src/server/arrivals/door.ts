import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { newCallRecord } from '../../core/call-record.ts';
import type { Caller } from '../../core/caller.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Authenticator } from '../callers/authenticator.ts';
import type { RegisteredCaller } from '../callers/registered-caller.ts';
import { isOpen, rightFor } from '../callers/rights.ts';
import { toStatus } from '../errors/status.ts';
import { callStream } from '../listener/call-stream.ts';
import { peerCertificate } from '../listener/peer-certificate.ts';
import { type RpcTelemetryDeps, startRpcTrace } from '../telemetry/rpc-telemetry.ts';
import { checkMetadata } from './metadata.ts';

export interface DoorDeps extends RpcTelemetryDeps {
  /** Who tells callers. Absent: nobody does, and everybody comes in. */
  readonly authenticator?: Pick<Authenticator, 'authenticate'> | undefined;
  readonly newId: () => string;
}

interface Arrival {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly begin: () => void;
}

/** In telemetry, of what is no method of ours: callers can make up any number of names. */
const OTHER_METHOD = '_OTHER';

/** Who makes the calls that were let in, by their streams. */
const callers = new WeakMap<object, Caller>();

/** The caller of a grpc-js call. Undefined: callers are not authenticated. */
export function callerOf(call: object): Caller | undefined {
  const stream = callStream(call);
  return stream && callers.get(stream);
}

/**
 * Lets in the calls of authenticated callers that have the right to make them, and nobody else's. It
 * stands before grpc-js, so that nothing is read of the request of somebody who is refused.
 */
export class Door {
  readonly #deps: DoorDeps;
  #authenticator: DoorDeps['authenticator'];

  constructor(deps: DoorDeps) {
    this.#deps = deps;
    this.#authenticator = deps.authenticator;
  }

  /** Who tells callers from now on. */
  setAuthenticator(authenticator: DoorDeps['authenticator']): void {
    this.#authenticator = authenticator;
  }

  /** @param begin begins the call, now or later, or never */
  pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, begin: () => void): void {
    try {
      checkMetadata(headers);
    } catch (thrown) {
      this.#refuse(ProviderError.from(thrown), stream, headers);
      return;
    }
    if (this.#authenticator === undefined) {
      begin();
      return;
    }
    const { authorization } = headers;
    // Whatever comes later has no use for it.
    delete headers.authorization;
    if (isOpen(pathOf(headers))) {
      begin();
      return;
    }
    this.#ask(authorization, { stream, headers, begin });
  }

  #ask(authorization: string | undefined, arrival: Arrival): void {
    const authenticator = this.#authenticator;
    const { stream, headers, begin } = arrival;
    const enter = (caller: RegisteredCaller): void => {
      if (stream.destroyed || stream.closed) return;
      this.#enter(caller, stream, headers);
      begin();
    };
    const refuse = (thrown: unknown): void =>
      this.#refuse(ProviderError.from(thrown), stream, headers);
    try {
      // Undefined: it was taken away meanwhile, and everybody comes in.
      const caller = authenticator?.authenticate(authorization, peerCertificate({ stream }));
      if (caller === undefined) begin();
      else if (caller instanceof Promise) {
        // What was found by one who has been replaced meanwhile counts for nothing.
        const unlessReplaced =
          <T>(go: (found: T) => void) =>
          (found: T): void =>
            authenticator === this.#authenticator ? go(found) : this.#ask(authorization, arrival);
        caller.then(unlessReplaced(enter), unlessReplaced(refuse)).catch(refuse);
      } else enter(caller);
    } catch (thrown) {
      refuse(thrown);
    }
  }

  /** @throws ProviderError if the caller has no right to this call, or no room for one more */
  #enter(caller: RegisteredCaller, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    callers.set(stream, caller);
    const right = rightFor(pathOf(headers));
    if (right !== undefined && right !== 'none') caller.require(right);
    if (right === 'messages' || right === 'batches') {
      stream.once('close', caller.limits.enter());
    }
  }

  #refuse(error: ProviderError, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const path = pathOf(headers);
    const method = rightFor(path) === undefined ? OTHER_METHOD : path.slice(1);
    const record = newCallRecord(this.#deps.clock.now());
    const callId = this.#deps.newId();
    const identity = { method, callId, caller: callers.get(stream)?.name };
    const trace = startRpcTrace(this.#deps, identity, (key) => textOf(headers[key]));
    const facts = { callId, traceId: trace.traceId, record, lastSequence: 0 };
    if (!stream.destroyed && !stream.closed) answer(stream, toStatus(error, facts));
    const outcome = { error, record, lastSequence: 0 };
    trace.end(outcome);
    trace.log(outcome);
  }
}

/** Ends the call before it has begun, and with it whatever is still to come of its request. */
function answer(
  stream: ServerHttp2Stream,
  { code, details, metadata }: ReturnType<typeof toStatus>,
) {
  const headers: OutgoingHttpHeaders = {
    ':status': constants.HTTP_STATUS_OK,
    'content-type': 'application/grpc+proto',
    ...metadata.toHttp2Headers(),
    'grpc-status': code,
    'grpc-message': encodeURI(details),
  };
  stream.respond(headers, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function pathOf(headers: IncomingHttpHeaders): string {
  return headers[':path'] ?? '';
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
