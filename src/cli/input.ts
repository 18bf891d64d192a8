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

/** What to tell whoever named the file. */
export function unreadable(path: string, error: unknown): string {
  return `${path} cannot be read (${codeOf(error) ?? error})`;
}
