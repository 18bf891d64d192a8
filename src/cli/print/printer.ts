import type { Cli } from '../cli.ts';
import { colours } from '../colours.ts';
import { harmless } from '../harmless.ts';
import { write } from '../output.ts';

/** Text, plain or in a style. */
type Part = string | Styled;

interface Styled {
  /** SGR of ECMA-48. */
  readonly code: number;
  readonly text: string;
}

/** A name, and what is known of it. */
export type Fact = readonly [name: string, fact: string | undefined];

/** Writes to standard output, as one that reads it there takes it. */
export class Printer {
  readonly #cli: Cli;
  readonly #colours: boolean;

  constructor(cli: Cli) {
    this.#cli = cli;
    this.#colours = colours(cli.host.stdout, cli.environment);
  }

  /** One JSON document. */
  document(json: unknown): Promise<void> {
    return this.text(`${JSON.stringify(json, null, 2)}\n`);
  }

  /** One of JSON Lines. */
  line(json: unknown): Promise<void> {
    return this.text(`${JSON.stringify(json)}\n`);
  }

  /** Resolves once it was taken, so that whoever reads slowly is waited for. */
  text(...parts: readonly Part[]): Promise<void> {
    return write(this.#cli.host.stdout, parts.map((part) => this.#drawn(part)).join(''));
  }

  table(heads: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
    const [head = '', ...body] = table(heads, rows);
    return this.text(this.bold(head), ['', ...body, ''].join('\n'));
  }

  /** A head, and what is known below it, each fact in a line; what is empty is left out. */
  facts(head: readonly Part[], facts: readonly Fact[]): Promise<void> {
    const known = facts.filter(([, fact]) => fact !== undefined && fact !== '');
    const width = Math.max(0, ...known.map(([name]) => name.length)) + 2;
    const lines = known.map(([name, fact]) => `  ${`${name}:`.padEnd(width)}${fact}`);
    return this.text(...head, ['', ...lines, ''].join('\n'));
  }

  bold(text: string): Part {
    return { code: 1, text };
  }

  good(text: string): Part {
    return { code: 32, text };
  }

  bad(text: string): Part {
    return { code: 31, text };
  }

  #drawn(part: Part): string {
    if (typeof part === 'string') return harmless(part, this.#cli.host.stdout);
    const text = harmless(part.text, this.#cli.host.stdout);
    return this.#colours ? `\u001b[${part.code}m${text}\u001b[0m` : text;
  }
}

/** Lines of cells in columns, as wide as they need to be; numbers stand to the right. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const lines = [heads, ...rows];
  const columns = heads.map((_, column) => ({
    width: Math.max(...lines.map((line) => (line[column] ?? '').length)),
    isNumeric: rows.every((row) => /^~?\$?[\d,.]*( \w+| ?%)?$/.test(row[column] ?? '')),
  }));
  return lines.map((line) =>
    columns
      .map(({ width, isNumeric }, column) => {
        const cell = line[column] ?? '';
        return isNumeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
