import { hash } from 'node:crypto';

/** One token of a file. The token itself is not kept. */
export interface Token {
  /** SHA-256 of the token. */
  readonly digest: Buffer;
  /** Epoch ms from which it is refused. Absent: never. */
  readonly expiresAt?: number;
}

const MAX_TOKENS = 1_000;
/** Those that say nothing included: a file that was written by mistake takes no time. */
const MAX_LINES = 10_000;
const DIGEST = /^sha256:([0-9a-fA-F]{64})$/;
/** A digest without salt protects only what cannot be guessed. */
const LEAST_LENGTH = 16;
const TOKEN = /^[!-~]{1,1024}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a file of tokens, one a line: `sha256:` and the SHA-256 of the token in hexadecimal digits, or
 * the token itself; behind it, if it ends by itself, the time at which it does, as ISO 8601 with a
 * zone. Empty lines, and those that begin with `#`, say nothing.
 *
 * @param least characters of a token
 * @throws Error that names the line, never what stands there
 */
export function parseTokens(text: string, least = LEAST_LENGTH): readonly Token[] {
  const lines = text.split('\n', MAX_LINES + 1);
  if (lines.length > MAX_LINES) throw new Error(`there are more than ${MAX_LINES} lines in it`);
  const tokens = lines.flatMap((line, index) => {
    const [token, time, ...rest] = line.trim().split(/\s+/, 3);
    if (!token || token.startsWith('#')) return [];
    const fail = (what: string): never => {
      throw new Error(`line ${index + 1}: ${what}`);
    };
    if (rest.length > 0) return fail('there is more than a token and a time');
    return [{ digest: readToken(token, least, fail), ...readTime(time, fail) }];
  });
  if (tokens.length === 0) throw new Error('there is no token in it');
  if (tokens.length > MAX_TOKENS) throw new Error(`there are more than ${MAX_TOKENS} tokens in it`);
  return tokens;
}

type Fail = (what: string) => never;

function readToken(token: string, least: number, fail: Fail): Buffer {
  const digest = DIGEST.exec(token)?.[1];
  if (digest !== undefined) return Buffer.from(digest, 'hex');
  if (token.startsWith('sha256:')) return fail('sha256: must be followed by 64 hexadecimal digits');
  if (token.length < least || !TOKEN.test(token)) {
    return fail(`a token must be ${least} to 1024 visible ASCII characters`);
  }
  return digestOf(token);
}

function readTime(time: string | undefined, fail: Fail): Pick<Token, 'expiresAt'> {
  if (time === undefined) return {};
  const expiresAt = INSTANT.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(expiresAt)) return fail('the time must be like 2026-12-31T23:59:59Z');
  return { expiresAt };
}

export function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
