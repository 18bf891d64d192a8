import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { type Clock, MAX_TIMER_MS } from '../../core/clock.ts';
import { readAgain, stopReading } from '../listener/hold-reading.ts';
import { ArrivalQueue } from './arrival-queue.ts';
import type { Door } from './door.ts';
import { RapidResets } from './stream-resets.ts';

export interface ArrivalLimits {
  /** The methods whose requests may be large, by path; any other request may take 4 KiB. */
  readonly large: ReadonlySet<string>;
  readonly clock: Clock;
  /** Lets in whom it knows. Default: everybody comes in. */
  readonly door?: Pick<Door, 'pass'>;
  /** Is told of each call that is begun. Default: nobody. */
  readonly onCall?: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
}

/** Enough for a name and a few filters: what health checks, reflection and status ask with, in bytes. */
export const SMALL_MESSAGE_BYTES = 4 * 1024;

/** With a subtype or parameters, or without. */
const GRPC = /^application\/grpc(?:[+;]|$)/;

const TIMEOUT = 'grpc-timeout';
/** The units below a second cannot say too much. */
const LONG_TIMEOUT = /^(\d{1,8})([HMS])$/;
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000 };
const MAX_TIMEOUT = `${Math.floor(MAX_TIMER_MS / 1_000)}S`;

type StreamHandler = (
  this: object,
  interceptors: readonly unknown[],
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
) => void;

/**
 * Sees each call before grpc-js does. One that was cancelled on its way costs nothing more; a deadline
 * that would overflow the timers of grpc-js, and be over at once, is cut to 24 days; and a method whose
 * requests are small gets a small limit, of which grpc-js knows only one for all. What is no call of gRPC is answered as HTTP
 * answers it.
 *
 * grpc-js has no hook for it, but looks its own method up on the object that is changed here.
 *
 * @throws Error if grpc-js does not do so any more
 */
export function guardArrivals(server: Server, { large, clock, door, onCall }: ArrivalLimits): void {
  const handle: unknown = Reflect.get(server, '_streamHandler');
  const options: unknown = Reflect.get(server, 'options');
  if (typeof handle !== 'function' || typeof options !== 'object') {
    throw new Error('grpc-js does not take calls as it used to.');
  }
  const small: object = Object.create(server, {
    options: { value: { ...options, 'grpc.max_receive_message_length': SMALL_MESSAGE_BYTES } },
  });
  const queue = new ArrivalQueue({ stop: stopReading, start: readAgain });
  const resets = new RapidResets(clock);
  const guarded: StreamHandler = (interceptors, stream, headers) => {
    // What goes wrong with it before it is begun is the caller's affair.
    stream.on('error', ignore);
    // A stream forgets its session when it is closed.
    const { session } = stream;
    const connection = session ?? stream;
    let begun = false;
    // It comes once, and `once` would wrap the listener and take it off again.
    stream.on('close', () => {
      if (begun) queue.ended(connection);
      else resets.note(session);
    });
    queue.add(connection, () => {
      if (stream.destroyed || stream.closed) {
        queue.ended(connection);
        return;
      }
      begun = true;
      const refusal = httpRefusal(headers);
      if (refusal !== undefined) {
        stream.respond({ ':status': refusal }, { endStream: true });
        stream.close(constants.NGHTTP2_NO_ERROR);
        return;
      }
      clampTimeout(headers);
      const isLarge = large.has(headers[':path'] ?? '');
      const begin = (): void => {
        onCall?.(stream, headers);
        Reflect.apply(handle, isLarge ? server : small, [interceptors, stream, headers]);
      };
      if (door === undefined) begin();
      else door.pass(stream, headers, begin);
    });
  };
  Reflect.set(server, '_streamHandler', guarded);
}

/** The status in HTTP of what is no call of gRPC, such as one of gRPC-Web, which reads answers in another form. Undefined: it is one. */
function httpRefusal(headers: IncomingHttpHeaders): number | undefined {
  if (headers[':method'] !== 'POST') return constants.HTTP_STATUS_METHOD_NOT_ALLOWED;
  if (GRPC.test(headers['content-type'] ?? '')) return undefined;
  return constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE;
}

function ignore(): void {}

function clampTimeout(headers: IncomingHttpHeaders): void {
  const timeout = headers[TIMEOUT];
  if (timeout === undefined) return;
  const long = LONG_TIMEOUT.exec(String(timeout));
  if (long === null) return;
  const [, digits, unit = ''] = long;
  if (Number(digits) * (UNIT_MS[unit] ?? 0) > MAX_TIMER_MS) headers[TIMEOUT] = MAX_TIMEOUT;
}
