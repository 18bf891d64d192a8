import type { DestinationStream } from 'pino';

const COLOURS: Readonly<Record<string, number>> = {
  trace: 90,
  debug: 90,
  info: 36,
  warn: 33,
  error: 31,
  fatal: 35,
};

/** Shown by themselves, or the same in every line. */
const APART: ReadonlySet<string> = new Set(['level', 'time', 'service', 'msg', 'err', 'span_id']);

/** Log lines for people: time, level, message and fields in one line, an error's stack below. */
export function prettyStream(next: DestinationStream, colours: boolean): DestinationStream {
  return { write: (line) => next.write(prettyLine(line, colours)) };
}

/** @param line as it is logged; one that is no JSON stays as it is */
export function prettyLine(line: string, colours: boolean): string {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(line);
  } catch {
    return line;
  }
  const { level = 'info', time = '', msg = '', err } = fields;
  const paint = (code: number, text: string) =>
    colours ? `\u001b[${code}m${text}\u001b[0m` : text;
  const rest = Object.entries(fields)
    .filter(([name]) => !APART.has(name))
    .map(([name, value]) => `${paint(90, `${name}=`)}${shown(value)}`);
  const head = paint(COLOURS[String(level)] ?? 0, String(level).toUpperCase().padEnd(5));
  const stack = err === undefined ? '' : `\n${stackOf(err)}`;
  return `${String(time).slice(11, 23)} ${head} ${[String(msg), ...rest].join(' ')}${stack}\n`;
}

function shown(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function stackOf(err: unknown): string {
  const { stack, message } = err as { readonly stack?: string; readonly message?: string };
  return `    ${(stack ?? message ?? JSON.stringify(err)).replaceAll('\n', '\n    ')}`;
}
