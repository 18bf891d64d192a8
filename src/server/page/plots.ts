import { html, type Markup } from './html.ts';
import { drawnOnce } from './page-parts.ts';
import { SLICE_MS, type TrafficSlice } from './traffic.ts';

const WIDTH = 270;
const HEIGHT = 48;

interface Plot {
  readonly title: string;
  readonly unit: string;
  readonly value: (slice: TrafficSlice) => number | undefined;
}

const PER_SECOND = SLICE_MS / 1_000;

const PLOTS: readonly Plot[] = [
  { title: 'Calls', unit: '/s', value: ({ calls }) => calls / PER_SECOND },
  { title: 'Failures', unit: '/s', value: ({ failures }) => failures / PER_SECOND },
  { title: 'Tokens', unit: '/s', value: ({ tokens }) => tokens / PER_SECOND },
  { title: 'First token, p95', unit: 'ms', value: ({ firstTokenMs }) => firstTokenMs },
  { title: 'Duration, p95', unit: 'ms', value: ({ durationMs }) => durationMs },
];

/** Small plots of the last quarter of an hour, each with its last and its largest value. */
export const plots = drawnOnce(
  (slices: readonly TrafficSlice[]) =>
    html`<h2>Last 15 minutes</h2><div class="plots">${PLOTS.map((plot) => draw(plot, slices))}</div>`,
);

function draw({ title, unit, value }: Plot, slices: readonly TrafficSlice[]): Markup {
  const values = slices.map(value);
  const known = values.filter((one) => one !== undefined);
  const most = Math.max(0, ...known);
  const step = WIDTH / values.length;
  const bars = values.map((one, i) => {
    if (!one) return '';
    const height = Math.max(1, (one / most) * HEIGHT);
    return `M${(i * step).toFixed(1)} ${HEIGHT}v-${height.toFixed(1)}h${(step * 0.8).toFixed(1)}v${height.toFixed(1)}z`;
  });
  const text = `${title}: at most ${figure(most)} ${unit}`;
  return html`<figure><figcaption>${title}<b>${figure(values.at(-1))} <small>${unit}</small></b></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${text}"><path d="${bars.join('')}"/></svg>
<small class="soft">at most ${figure(most)} ${unit}</small></figure>`;
}

function figure(value: number | undefined): string {
  if (value === undefined) return '–';
  return value >= 100
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(2)));
}
