export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
}

/** A Markdown table with its columns aligned, so that it reads as well in a terminal. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  const [head = '', ...body] = cells.map((line) =>
    join(line.map((text, at) => pad(text, widths, at))),
  );
  return [head, join(widths.map((width, at) => rule(width, at))), ...body].join('\n');
}

/** A figure with `digits` decimals; empty if it does not apply. */
export function figure(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? '' : value.toFixed(digits);
}

function join(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The first column is a name, all others are figures. */
function pad(text: string, widths: readonly number[], at: number): string {
  const width = widths[at] ?? 0;
  return at === 0 ? text.padEnd(width) : text.padStart(width);
}

function rule(width: number, at: number): string {
  return at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`;
}
