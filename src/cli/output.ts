import type { Writable } from 'node:stream';
import { codeOf } from '../config/system-code.ts';
import { CliError } from './cli.ts';

/** Resolves once whoever reads has taken what was written: the process ends next, and with it what waits. */
export function flushed(output: Writable): Promise<void> {
  return write(output, '');
}

/**
 * Resolves once it was taken.
 *
 * @throws EPIPE if nobody reads on, else CliError
 */
export function write(output: Writable, text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  output.write(text, (error) => {
    if (error) reject(isBrokenPipe(error) ? error : unwritten(error));
    else resolve();
  });
  return promise;
}

/**
 * Resolves when nobody reads on: `... | head` has seen enough.
 *
 * @throws CliError if it cannot be written for another reason, such as a full disk
 */
export function readerLeft(output: Writable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  output.on('error', (error) => {
    if (isBrokenPipe(error)) resolve();
    else reject(unwritten(error));
  });
  return promise;
}

function unwritten({ message }: Error): CliError {
  return new CliError('failed', `standard output: ${message}`);
}

export function isBrokenPipe(error: unknown): boolean {
  return codeOf(error) === 'EPIPE';
}
