import { readFileSync } from 'node:fs';
import { codeOf } from '../config/system-code.ts';
import { CliError } from './cli.ts';

/** @throws CliError if it cannot be read */
export function readInput(path: string): Buffer;
export function readInput(path: string, encoding: 'utf8'): string;
export function readInput(path: string, encoding?: 'utf8'): string | Buffer {
  try {
    return encoding === undefined ? readFileSync(path) : readFileSync(path, encoding);
  } catch (error) {
    throw new CliError('usage', unreadable(path, error));
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * What is asked, without the mark that editors of Windows put in front.
 *
 * @param name of where it is from
 * @throws CliError if it is no UTF-8: another text would be asked
 */
export function textIn(bytes: Uint8Array, name: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new CliError('usage', `${name}: it must be text in UTF-8`);
  }
}

/** What to tell whoever named the file. */
export function unreadable(path: string, error: unknown): string {
  return `${path} cannot be read (${codeOf(error) ?? error})`;
}
