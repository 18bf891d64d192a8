import { z } from 'zod';
import { formatPath } from '../../config/problems.ts';

/** A line of a recording: a request, and what was answered to it. */

const chunk = z.union([
  z.strictObject({ ms: z.number().min(0), text: z.string() }),
  z.strictObject({ ms: z.number().min(0), base64: z.base64() }),
]);

const entrySchema = z.strictObject({
  /** What a request must be. Fields that are taken out of the body are not looked at. */
  request: z.strictObject({
    method: z.string(),
    path: z.string(),
    /** Of a JSON body. */
    body: z.json().exactOptional(),
    /** Of another body, in hexadecimal digits. */
    sha256: z.string().exactOptional(),
  }),
  /** Times are milliseconds since the request was sent. */
  response: z.strictObject({
    status: z.int().min(200).max(599),
    statusMessage: z.string(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    headersMs: z.number().min(0),
    /** As they came from the connection: text if they are UTF-8 on their own. */
    chunks: z.array(chunk),
    endMs: z.number().min(0),
    /** `cut`: the connection broke. */
    end: z.enum(['complete', 'cut']),
  }),
});

export type Entry = z.output<typeof entrySchema>;
export type Chunk = Entry['response']['chunks'][number];

/** A recording that cannot be read, with the line and what is wrong with it. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** @throws RecordingError */
export function readRecording(text: string): readonly Entry[] {
  return text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [readLine(line, index + 1)]));
}

function readLine(line: string, number: number): Entry {
  const { data, error } = entrySchema.safeParse(parse(line, number));
  if (data !== undefined) return data;
  const [issue] = error.issues;
  const place = [`line ${number}`, formatPath(issue?.path ?? [])].filter(Boolean).join(': ');
  throw new RecordingError(`${place}: ${issue?.message}`);
}

function parse(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new RecordingError(`line ${number}: is no JSON`);
  }
}

export function toChunk(ms: number, bytes: Buffer): Chunk {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? { ms, text } : { ms, base64: bytes.toString('base64') };
}

export function chunkBytes(chunk: Chunk): Buffer {
  return 'text' in chunk ? Buffer.from(chunk.text) : Buffer.from(chunk.base64, 'base64');
}
