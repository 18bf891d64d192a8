/** A line of a plot; a point is left out where there is no figure. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const SIZE = { width: 720, height: 420, left: 70, right: 150, top: 40, bottom: 50 } as const;
const COLOURS = ['#777777', '#0b62d6', '#1a7f37', '#b35900', '#a40e26'];

/** An SVG with a logarithmic y axis, for series that lie orders of magnitude apart. */
export function plot({ title, x, y, series }: Plot): string {
  const { width, height, left, right, top, bottom } = SIZE;
  const points = series.flatMap((one) => one.points);
  const xs = [...new Set(points.map(([at]) => at))].sort((a, b) => a - b);
  const most = Math.max(...xs);
  const low = Math.floor(Math.log10(Math.min(...points.map(([, value]) => value))));
  const high = Math.ceil(Math.log10(Math.max(...points.map(([, value]) => value))));
  const px = (at: number) => left + (at / most) * (width - left - right);
  const py = (value: number) =>
    height - bottom - ((Math.log10(value) - low) / (high - low)) * (height - top - bottom);
  const decades = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at));
  const grid = decades.map(
    (value) =>
      `<line x1="${left}" x2="${width - right}" y1="${py(value)}" y2="${py(value)}" stroke="#dddddd"/>` +
      label(left - 8, py(value) + 4, 'end', String(value)),
  );
  const ticks = xs.map((at) => label(px(at), height - bottom + 20, 'middle', String(at)));
  const lines = series
    .filter((one) => one.points.length > 0)
    .map((one, at) => {
      const colour = COLOURS[at % COLOURS.length];
      const places = one.points.map(([from, value]) => [px(from), py(value)] as const);
      const path = places
        .map((place) => place.map((value) => value.toFixed(1)).join(','))
        .join(' ');
      const dots = places.map(
        ([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`,
      );
      const [lastX = 0, lastY = 0] = places.at(-1) ?? [];
      return (
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}` +
        label(lastX + 8, lastY + 4, 'start', one.name, colour)
      );
    });
  const body = [
    label(left, 22, 'start', title),
    label(left, height - 8, 'start', x),
    label(width - 8, 22, 'end', y),
    ...grid,
    ...ticks,
    ...lines,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}" font-family="sans-serif" font-size="13">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${body.join('\n')}
</svg>
`;
}

function label(x: number, y: number, anchor: string, text: string, colour = '#222222'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${text}</text>`;
}
