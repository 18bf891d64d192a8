import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import fc from 'fast-check';
import type { Chance } from './chance.ts';

/** One event of a stream, before it is written. */
export interface AnEvent {
  readonly name?: string;
  readonly data: object | '[DONE]';
}

/** A response as it goes over the wire. */
export interface AResponse {
  /** Default: 200. */
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** By content coding. */
export const COMPRESSORS = {
  gzip: gzipSync,
  deflate: deflateSync,
  'deflate-raw': deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

/** How events become bytes. */
export const anyFraming = fc.record({
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  space: fc.constantFrom(' ', ''),
  noise: fc.constantFrom('none', 'comments', 'pings', 'ping json', 'empty data', 'ids'),
  lastBlankLine: fc.boolean().map((left) => !left),
  byteOrderMark: fc.boolean(),
  overLines: fc.boolean(),
  contentType: fc.constantFrom(
    'text/event-stream',
    'text/event-stream; charset=utf-8',
    'text/plain',
    'application/octet-stream',
    'application/json',
    '',
  ),
  coding: fc.constantFrom('', '', '', 'gzip', 'deflate', 'deflate-raw', 'br', 'zstd'),
});

export type Framing = typeof anyFraming extends fc.Arbitrary<infer T> ? T : never;

export function toStream(events: readonly AnEvent[], framing: Framing, chance: Chance): AResponse {
  const { lineEnd, space, noise } = framing;
  const line = (field: string, value: string) => `${field}:${space}${value}${lineEnd}`;
  const written = events.map(({ name, data }) => {
    const before = chance.nat(3) === 0 ? noiseOf(noise, line, lineEnd) : '';
    const id = noise === 'ids' ? line('id', String(chance.nat(99))) : '';
    const json = JSON.stringify(data, null, framing.overLines ? 1 : 0);
    const lines = (typeof data === 'string' ? data : json).split('\n');
    const named = name === undefined ? '' : line('event', name);
    return `${before}${named}${id}${lines.map((one) => line('data', one)).join('')}${lineEnd}`;
  });
  const body = `${framing.byteOrderMark ? '\ufeff' : ''}${written.join('')}`;
  // The last event may lack its blank line, and even the end of its line.
  const left = framing.lastBlankLine ? 0 : lineEnd.length * (1 + chance.nat(2));
  return toResponse(body.slice(0, body.length - left), framing);
}

export function toWhole(value: object, framing: Framing): AResponse {
  return toResponse(JSON.stringify(value), framing);
}

function noiseOf(
  noise: Framing['noise'],
  line: (field: string, value: string) => string,
  lineEnd: string,
): string {
  switch (noise) {
    case 'comments':
      return `: OPENROUTER PROCESSING${lineEnd}${lineEnd}`;
    case 'pings':
      return `${line('event', 'ping')}${line('data', 'still here')}${lineEnd}`;
    case 'ping json':
      return `${line('event', 'ping')}${line('data', '{"type":"ping","cost":"0"}')}${lineEnd}`;
    case 'empty data':
      return `${line('data', '')}${lineEnd}`;
    default:
      return '';
  }
}

function toResponse(text: string, { contentType, coding }: Framing): AResponse {
  const body = coding === '' ? Buffer.from(text) : COMPRESSORS[coding](text);
  return {
    headers: {
      ...(contentType !== '' && { 'content-type': contentType }),
      ...(coding !== '' && { 'content-encoding': coding.replace('-raw', '') }),
    },
    body,
  };
}
