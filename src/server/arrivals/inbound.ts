import { EventEmitter } from 'node:events';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { toStatus } from '../errors/status.ts';
import { heardBy } from '../listener/noise.ts';
import { writeTogether } from '../output/write-together.ts';
import { SMALL_MESSAGE_BYTES } from './arrivals.ts';
import type { BytesInFlight, HeldBytes } from './bytes-in-flight.ts';
import { decompress } from './decompress.ts';
import { checkLibrary, type LibraryCall } from './library-call.ts';
import { StalledCalls } from './stalled-calls.ts';

export interface InboundDeps {
  readonly bytes: BytesInFlight;
  readonly clock: Clock;
  readonly instruments: Pick<Instruments, 'shedCalls'>;
  /** Time a request has to arrive; a message that is sent has twice that to be read. In ms. */
  readonly stallMs: number;
}

const { removeAllListeners } = EventEmitter.prototype;

/** What keeping a frame takes beside its bytes, rounded up. */
const FRAME_BYTES = 256;

/**
 * Libraries write a request in frames of kilobytes. More frames than this that hold less than so many bytes
 * each, in the mean, are made to keep this thread busy.
 */
const CRUMBS = { frames: 1_000, meanBytes: 256 };

/** What a refused caller is told to wait, in ms. */
const RETRY_AFTER_MS = 1_000;

/** The state of its decoder when it has no part of a message. */
const BETWEEN_MESSAGES = 0;
const NOTHING: readonly Buffer[] = [];

/**
 * Watches over what grpc-js keeps of calls: the bytes of requests until their streams are closed, from
 * the first frame on and while they are decompressed. Calls that stall it has watched.
 */
export class Inbound {
  readonly #deps: InboundDeps;
  readonly #stalled: StalledCalls;

  /** @throws Error if grpc-js has not the methods that are replaced or called here */
  constructor(deps: InboundDeps) {
    checkLibrary();
    this.#deps = deps;
    this.#stalled = new StalledCalls(deps.clock, deps.stallMs);
  }

  /** For the `interceptors` of a grpc-js server. It must be the only one. */
  readonly interceptor: ServerInterceptor = ({ requestStream, responseStream }, intercepting) => {
    const call = intercepting as unknown as LibraryCall;
    const held = this.#deps.bytes.open(call.stream.session ?? call);
    const progress = this.#stalled.watch(call, requestStream);
    call.stream.on('close', () => {
      held.release();
      this.#stalled.forget(progress);
      letGo(call.stream);
    });
    writeTogether(call);
    this.#countFrames(call, held, requestStream);
    this.#countDecompressed(call, held);
    if (requestStream) releaseWhatWasTaken(call, held);
    else if (!responseStream && call.maxReceiveMessageSize <= SMALL_MESSAGE_BYTES) {
      this.#countResponse(call, held);
    }
    // It waited to be begun, and without a message has ended meanwhile: grpc-js did not hear of that.
    if (call.stream.readableEnded) call.handleEndEvent();
    // grpc-js goes on with whatever has the methods of a call.
    return intercepting as unknown as ServerInterceptingCall;
  };

  /** For the drain. */
  stop(): void {
    this.#stalled.stop();
  }

  #countFrames(call: LibraryCall, held: HeldBytes, isConversation: boolean): void {
    const handle = call.handleDataFrame;
    const heard = heardBy(call.stream.session);
    let frames = 0;
    let bytes = 0;
    let refused = false;
    const count = (data: Buffer): void => {
      frames += 1;
      bytes += data.length;
      if (heard) heard.bytes += data.length;
      if (!isConversation && frames > CRUMBS.frames && bytes < frames * CRUMBS.meanBytes) {
        call.stream.session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
        return;
      }
      if (call.cancelled || refused) return;
      if (!held.take(data.length + FRAME_BYTES)) {
        refused = true;
        call.decoder.readPartialMessage = NOTHING;
        // At once, and not when its caller has heard of it: until then all others would be refused as well.
        held.release();
        call.sendStatus(this.#noRoom());
        return;
      }
      handle.call(call, data);
      const { decoder } = call;
      if (decoder.readState === BETWEEN_MESSAGES) decoder.readPartialMessage = NOTHING;
    };
    call.handleDataFrame = count;
  }

  /**
   * An answer that nobody reads is kept until its stream is closed. Those to small questions are nobody's
   * loss if there is no room for them; the others are counted as calls.
   */
  #countResponse(call: LibraryCall, held: HeldBytes): void {
    const send = call.sendMessage;
    const count: LibraryCall['sendMessage'] = (message, sent) => {
      const bytes = Buffer.isBuffer(message) ? message.length : 0;
      if (held.take(bytes)) send.call(call, message, sent);
      else call.sendStatus(this.#noRoom());
    };
    call.sendMessage = count;
  }

  #countDecompressed(call: LibraryCall, held: HeldBytes): void {
    const handle = call.decompressMessage;
    const count: LibraryCall['decompressMessage'] = (message, encoding) => {
      const wrong = wrongFlag(message[0], encoding);
      if (wrong !== undefined) return Promise.reject({ code: status.INTERNAL, details: wrong });
      if (encoding !== 'gzip' && encoding !== 'deflate')
        return handle.call(call, message, encoding);
      return this.#decompress(call, message.subarray(5), encoding, held);
    };
    call.decompressMessage = count;
  }

  /** Rejects with the status to send, as grpc-js expects it. */
  async #decompress(
    call: LibraryCall,
    compressed: Buffer,
    encoding: 'gzip' | 'deflate',
    held: HeldBytes,
  ): Promise<Buffer> {
    const { maxReceiveMessageSize: max } = call;
    const message = await decompress(compressed, encoding, max, (bytes) => held.take(bytes));
    switch (message) {
      case 'corrupt':
        throw { code: status.INTERNAL, details: 'Failed to decompress message' };
      case 'too large':
        throw {
          code: status.RESOURCE_EXHAUSTED,
          details: `Received message that decompresses to a size larger than ${max}`,
        };
      case 'no room':
        throw this.#noRoom();
      default:
        return message;
    }
  }

  #noRoom(): object {
    this.#deps.instruments.shedCalls.add(1);
    const error = new ProviderError('RATE_LIMIT_EXCEEDED', {
      message: 'This provider has too much to do: bytes of requests.',
      quotaSubject: 'provider bytes of requests',
      retryAfterMs: RETRY_AFTER_MS,
    });
    return toStatus(error, { callId: '', traceId: '', lastSequence: 0 });
  }
}

/**
 * Node.js makes a closure for each stream in the old generation of V8's heap, from where it keeps the stream, until
 * that is collected as a whole, and with it all that the stream knows of: what a call has made would outlive it.
 */
function letGo(stream: ServerHttp2Stream): void {
  // First who would be told of each of the others; and as of any emitter: nobody reads the stream any more.
  removeAllListeners.call(stream, 'removeListener');
  removeAllListeners.call(stream);
  stream.on('error', ignore);
}

function ignore(): void {}

/** Who asks for the next message of a stream has taken those before it. */
function releaseWhatWasTaken(call: LibraryCall, held: HeldBytes): void {
  const start = call.startRead;
  const releaseFirst = (): void => {
    held.release();
    start.call(call);
  };
  call.startRead = releaseFirst;
}

/**
 * What is wrong with the flag before a message, which grpc-js takes for 0 unless it is 1; undefined: nothing.
 *
 * @param encoding of the message, `identity` where it is not compressed or the call names none
 */
function wrongFlag(flag: number | undefined, encoding: string): string | undefined {
  if (flag === 0) return undefined;
  if (flag !== 1) return `The flag before a message is ${flag}, where gRPC has 0 and 1 alone.`;
  if (encoding !== 'identity') return undefined;
  return 'The message is flagged as compressed, and the call names no encoding in grpc-encoding.';
}
