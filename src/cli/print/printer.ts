import type { Cli } from '../cli.ts';
import { colours } from '../colours.ts';
import { write } from '../output.ts';

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
  text(text: string): Promise<void> {
    return write(this.#cli.host.stdout, text);
  }

  table(heads: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
    return this.text(table(heads, rows, (text) => this.bold(text)));
  }

  /** A head, and what is known below it, each fact in a line; what is empty is left out. */
  facts(head: string, facts: readonly Fact[]): Promise<void> {
    const known = facts.filter(([, fact]) => fact !== undefined && fact !== '');
    const width = Math.max(0, ...known.map(([name]) => name.length)) + 2;
    const lines = known.map(([name, fact]) => `  ${`${name}:`.padEnd(width)}${fact}`);
    return this.text(`${[head, ...lines].join('\n')}\n`);
  }

  bold(text: string): string {
    return this.#paint(1, text);
  }

  good(text: string): string {
    return this.#paint(32, text);
  }

  bad(text: string): string {
    return this.#paint(31, text);
  }

  #paint(code: number, text: string): string {
    return this.#colours ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

/** Rows of cells in columns, as wide as they need to be; numbers stand to the right. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  bold: (text: string) => string,
): string {
  const lines = [heads, ...rows];
  const columns = heads.map((_, column) => ({
    width: Math.max(...lines.map((line) => (line[column] ?? '').length)),
    isNumeric: rows.every((row) => /^~?\$?[\d,.]*( \w+| ?%)?$/.test(row[column] ?? '')),
  }));
  const drawn = lines.map((line) =>
    columns
      .map(({ width, isNumeric }, column) => {
        const cell = line[column] ?? '';
        return isNumeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = drawn;
  return [bold(head), ...body, ''].join('\n');
}
