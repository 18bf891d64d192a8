import { gzipSync } from 'node:zlib';
import { callHeaders, frame, openingBytes } from '../attacks/frames.ts';
import { field, prefix } from '../attacks/wire.ts';
import { Grammar, type Random } from './grammar.ts';

/** What a connection is made of: mostly as it should be, for only then anything is reached. */
const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const FLAGS = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
const MAX_FRAMES = 40;
const INTERESTING = [0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

export class WireGrammar extends Grammar {
  readonly #paths: readonly string[];

  /** @param paths of methods: `/tamma.provider.v1.IAIProvider/SendMessage` */
  constructor(random: Random, paths: readonly string[]) {
    super(random);
    this.#paths = paths;
  }

  /**
   * All that a caller says over one connection.
   *
   * @param known of which it is a copy, damaged as often as not. Default: it is new
   */
  connection(known?: Buffer): Buffer {
    if (known !== undefined) return this.chance(0.5) ? this.damaged(known) : known;
    // Many a value ends the connection at once.
    const most = this.chance(0.2) ? 4 : 0;
    const settings = this.#some(most, () => [this.below(9), this.#number()] as const);
    let next = 1;
    const frames = this.#some(MAX_FRAMES, () => {
      const stream = this.chance(0.995) ? next : 1 + 2 * this.below(8);
      next += 2;
      return this.#frames(stream);
    });
    const bytes = Buffer.concat([openingBytes(settings), ...frames]);
    return this.chance(0.1) ? this.damaged(bytes) : bytes;
  }

  #frames(stream: number): Buffer {
    if (this.chance(0.98)) return this.#call(stream);
    return this.chance(0.5) ? this.#control(stream) : this.#anyFrame(stream);
  }

  /** Headers, and a message in pieces. */
  #call(stream: number): Buffer {
    const path = this.chance(0.9) ? this.pick(this.#paths) : `/${'x'.repeat(this.below(100))}`;
    const message = this.#message();
    const pieces: Buffer[] = [callHeaders(stream, path)];
    for (let at = 0; at < message.length; ) {
      const end = Math.min(message.length, at + 1 + this.below(this.chance(0.5) ? 16 : 16_384));
      const last = end === message.length && this.chance(0.9);
      if (this.chance(0.02)) pieces.push(this.#headersAgain(stream));
      pieces.push(frame(DATA, last ? FLAGS.endStream : 0, stream, message.subarray(at, end)));
      at = end;
    }
    if (this.chance(0.1)) pieces.push(frame(3, 0, stream, this.#bytes(4)));
    return Buffer.concat(pieces);
  }

  /** A field of HPACK, which is no place for it in the middle of a message. */
  #headersAgain(stream: number): Buffer {
    const name = Buffer.from('x'.repeat(1 + this.below(100)));
    const field = Buffer.concat([Buffer.from([0, name.length]), name, Buffer.from([1, 0x78])]);
    return frame(HEADERS, FLAGS.endHeaders, stream, field);
  }

  /** A gRPC message, with its prefix. */
  #message(): Buffer {
    const body = this.#fields(0);
    if (this.chance(0.05)) return Buffer.concat([prefix(0, this.#number() >>> 0), body]);
    if (this.chance(0.1)) {
      const packed = gzipSync(body);
      return Buffer.concat([prefix(1, packed.length), packed]);
    }
    return Buffer.concat([prefix(0, body.length), body]);
  }

  /** Fields of protobuf, of small numbers, within each other. */
  #fields(depth: number): Buffer {
    return Buffer.concat(this.#some(6, () => this.#field(depth)));
  }

  #field(depth: number): Buffer {
    const number = this.chance(0.9) ? 1 + this.below(30) : this.below(2 ** 20);
    const kind = this.below(10);
    if (kind < 4 && depth < 6) return field(number, this.#fields(depth + 1));
    if (kind < 7) return field(number, this.#text());
    if (kind < 8) return Buffer.from([(number << 3) & 0x78, this.below(128)]);
    return this.chance(0.1) ? this.#bytes(this.below(20)) : field(number, Buffer.alloc(0));
  }

  #text(): Buffer {
    if (this.chance(0.2)) return this.#bytes(this.below(64));
    const words = [
      'user',
      'gpt-5.4',
      '{"type":"object"}',
      'é🙂',
      '\u0000',
      '['.repeat(300),
      '1e999',
    ];
    return Buffer.from(this.pick(words).repeat(1 + this.below(4)));
  }

  #control(stream: number): Buffer {
    return this.pick([
      () => frame(SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, this.below(9)]), this.#bytes(4)])),
      () => frame(SETTINGS, FLAGS.ack, 0, Buffer.alloc(0)),
      () => frame(6, this.below(2), 0, this.#bytes(8)),
      () => frame(8, 0, this.chance(0.5) ? 0 : stream, this.#bytes(4)),
      () => frame(2, 0, stream, this.#bytes(5)),
      () => frame(7, 0, 0, this.#bytes(8 + this.below(20))),
      () => frame(HEADERS, FLAGS.endHeaders | FLAGS.endStream, stream, this.#bytes(this.below(64))),
    ])();
  }

  /** Of any type, with any flags, on any stream. */
  #anyFrame(stream: number): Buffer {
    const at = this.chance(0.8) ? stream : this.#number() >>> 0;
    return frame(this.below(16), this.below(256), at, this.#bytes(this.below(256)));
  }

  #number(): number {
    return this.chance(0.5) ? this.pick(INTERESTING) : Math.floor(this.random() * 2 ** 32);
  }

  #bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  #some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}
