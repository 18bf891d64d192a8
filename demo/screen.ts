import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours only where they are wanted: a terminal, and no NO_COLOR. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Text in a frame. */
export function banner(style: Style, title: string, lines: readonly string[]): string {
  const width = Math.max(...[title, ...lines].map((line) => line.length));
  const rule = '─'.repeat(width + 4);
  const row = (line: string) => `│  ${line.padEnd(width)}  │`;
  return [`╭${rule}╮`, ...[title, ...lines].map(row), `╰${rule}╯`]
    .map((line) => paint(style, line))
    .join('\n');
}

/** Names and values in two columns. */
export function table(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${paint('dim', name.padEnd(width))}  ${value}`).join('\n');
}

/** 840 ms, 2.4 s. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
