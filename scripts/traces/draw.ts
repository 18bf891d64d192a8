import type { Attribute, Span } from './collector.ts';

/** A line of a picture: a span, or an event of one. */
export interface Row {
  /** 0 for the span of the call, 1 for its events and attempts, 2 for the events of those. */
  readonly depth: number;
  readonly name: string;
  /** What is told of it, without times. */
  readonly told: string;
  /** What the attempt waited for before, in ms. */
  readonly waited: number;
  /** ms from the beginning of the call. */
  readonly from: number;
  /** Undefined: an event. */
  readonly to?: number;
  readonly failed: boolean;
}

const QUEUED = 'tamma.provider.queued';
const BACKOFF = 'tamma.provider.backoff';

/** What a picture shows of a span or an event, in this order. */
const TOLD = [
  'rpc.status_code',
  'rpc.response.status_code',
  'tamma.provider.attempt',
  'tamma.provider.target',
  'error.type',
  'tamma.provider.waited_for',
  'tamma.provider.reason',
] as const;

/** The spans of one call as lines, each after what it belongs to, in order of time. */
export function rowsOf(spans: readonly Span[]): Row[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const root = spans.find(({ parentSpanId }) => !ids.has(parentSpanId ?? ''));
  if (root === undefined) throw new Error('no span is the first one');
  const began = ms(root.startTimeUnixNano);
  const rows = (span: Span, depth: number): Row[] => {
    const events = (span.events ?? []).map((event): Row[] => [
      {
        depth: depth + 1,
        name: event.name,
        told: told(event.attributes),
        waited: 0,
        from: ms(event.timeUnixNano) - began,
        failed: false,
      },
    ]);
    const children = spans
      .filter(({ parentSpanId }) => parentSpanId === span.spanId)
      .map((child) => rows(child, depth + 1));
    const below = [...events, ...children].toSorted(([a], [b]) => (a?.from ?? 0) - (b?.from ?? 0));
    const { name, attributes = [] } = span;
    const from = ms(span.startTimeUnixNano) - began;
    const to = ms(span.endTimeUnixNano) - began;
    const failed = attributes.some(({ key }) => key === 'error.type');
    const waited = 1_000 * (number(attributes, QUEUED) + number(attributes, BACKOFF));
    return [{ depth, name, told: told(attributes), waited, from, to, failed }, ...below.flat()];
  };
  return rows(root, 0);
}

/** Each line of a picture: its name and what is told of it. */
export function outlineOf(svg: string): string[] {
  return [
    ...svg.matchAll(/<text class="name"[^>]*>([^<]*)<.text><text class="told"[^>]*>([^<]*)/g),
  ].map(([, name, told]) => `${name}: ${told}`);
}

const ROW = 26;
const TOP = 52;
const WIDTH = 1120;
const LEFT = 480;
const RIGHT = WIDTH - 240;

const STYLE = `text { font: 13px ui-monospace, monospace; fill: #1f2328 } .title { font: 600 15px system-ui, sans-serif }
.told, .time { fill: #59636e } .time { font-size: 11px } .bar { fill: #1a7f37 } .failed { fill: #c0392b } .event, .wait { fill: #9a6700 } .wait { opacity: .45 }
.ground { fill: #fff } line { stroke: #d8dee4 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .told, .time { fill: #9198a1 } .bar { fill: #3fb950 }
.failed { fill: #f85149 } .event, .wait { fill: #d29922 } .ground { fill: #0d1117 } line { stroke: #30363d } }`;

/** A picture of a trace as SVG: a line for each span and each event, beside one axis of time. */
export function drawTrace(title: string, rows: readonly Row[]): string {
  const all = Math.max(1, ...rows.map(({ from, to = from }) => to));
  const height = TOP + rows.length * ROW + 16;
  const x = (time: number) => LEFT + (time / all) * (RIGHT - LEFT);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>
<text class="title" x="20" y="32">${escaped(title)}</text>
${rows.map((row, i) => drawRow(row, TOP + i * ROW, x)).join('\n')}
</svg>
`;
}

function drawRow(row: Row, y: number, x: (time: number) => number): string {
  const { depth, name, told: text, from, to, failed } = row;
  const left = 20 + depth * 18;
  const middle = y + ROW / 2;
  const base = middle + 4;
  const shown = name.replace(/^.*\//, '');
  const labels = `<text class="name" x="${left}" y="${base}">${escaped(shown)}</text><text class="told" x="${left + shown.length * 7.9 + 12}" y="${base}">${escaped(text)}</text>`;
  const line = `<line x1="${LEFT}" x2="${RIGHT}" y1="${y + ROW}" y2="${y + ROW}"/>`;
  const at = x(from).toFixed(1);
  if (to === undefined) {
    const mark = `<path class="event" d="M${at} ${middle - 5}l5 5l-5 5l-5 -5z"/>`;
    return `${line}${labels}${mark}<text class="time" x="${x(from) + 9}" y="${base}">at ${Math.round(from)} ms</text>`;
  }
  const width = Math.max(2, x(to) - x(from)).toFixed(1);
  const bar = `<rect class="${failed ? 'failed' : 'bar'}" x="${at}" y="${middle - 6}" width="${width}" height="12" rx="2"/>`;
  const wait =
    row.waited < 1
      ? ''
      : `<rect class="wait" x="${x(from - row.waited).toFixed(1)}" y="${middle - 2}" width="${(x(from) - x(from - row.waited)).toFixed(1)}" height="4"/>`;
  return `${line}${labels}${wait}${bar}<text class="time" x="${Math.max(x(to), x(from) + 2) + 6}" y="${base}">${Math.round(to - from)} ms${row.waited < 1 ? '' : ` after ${Math.round(row.waited)} ms of waiting`}</text>`;
}

function told(attributes: readonly Attribute[] = []): string {
  const values = new Map(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
  return TOLD.flatMap((key) => {
    const value = values.get(key);
    if (value === undefined) return [];
    return key === 'tamma.provider.attempt' ? `attempt ${value}` : String(value);
  }).join(', ');
}

function number(attributes: readonly Attribute[], wanted: string): number {
  const { value = {} } = attributes.find(({ key }) => key === wanted) ?? {};
  return Number(Object.values(value)[0] ?? 0);
}

function ms(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1_000n) / 1_000;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
