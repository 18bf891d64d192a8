import { namesOf } from '../../core/names-of.ts';

/** Largest reply, in bytes: many times what any script answers with. */
const MAX_REPLY_BYTES = 16 * 1024 * 1024;

/** What reads the replies of one connection of the client. */
interface Decoder {
  onReply(reply: unknown): unknown;
  onErrorReply(error: unknown): unknown;
  write(chunk: Buffer): void;
}

let bounded: Promise<void> | undefined;

/**
 * Has the client give a connection up over which more comes than any reply has: it keeps what there is of a
 * reply until it is whole, and whoever answers may announce half a gigabyte. The client has no option for it,
 * nor lets anybody see its socket, but looks the method up that is changed here. Idempotent.
 *
 * @throws Error if it does not do so any more
 */
export function boundReplies(): Promise<void> {
  bounded ??= load();
  return bounded;
}

async function load(): Promise<void> {
  const module = namesOf(await import('@redis/client/dist/lib/RESP/decoder.js'));
  const prototype: Decoder = module.Decoder.prototype;
  const { write } = prototype;
  if (typeof write !== 'function') throw new Error('The Redis client does not read as it used to.');
  const read = new WeakMap<Decoder, number>();
  prototype.write = function (chunk) {
    if (!read.has(this)) resetAtReplies(this, read);
    const bytes = (read.get(this) ?? 0) + chunk.length;
    read.set(this, bytes);
    if (bytes > MAX_REPLY_BYTES) throw new Error('It sent more than any reply has.');
    write.call(this, chunk);
  };
}

function resetAtReplies(decoder: Decoder, read: WeakMap<Decoder, number>): void {
  const { onReply, onErrorReply } = decoder;
  decoder.onReply = (reply) => {
    read.set(decoder, 0);
    return onReply.call(decoder, reply);
  };
  decoder.onErrorReply = (error) => {
    read.set(decoder, 0);
    return onErrorReply.call(decoder, error);
  };
}
