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
