import { readFileSync, writeFileSync } from 'node:fs';

/** Where a page of `docs/` has what a bench writes: the lines before and behind it. */
export interface Place {
  /** Path from the root of the repository. */
  readonly page: string;
  readonly start: string;
  readonly end: string;
}

/** Puts a text in the place of what a page had there. */
export function writeInto({ page, start, end }: Place, text: string): void {
  const path = new URL(`../${page}`, import.meta.url);
  const whole = readFileSync(path, 'utf8');
  const [from, to] = [whole.indexOf(start), whole.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${page} has no place for it`);
  writeFileSync(path, `${whole.slice(0, from)}${start}\n\n${text}\n\n${whole.slice(to)}`);
}
