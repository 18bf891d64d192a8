/**
 * `node bench/performance-doc.ts`: writes what `npm run bench:peers -- --out bench/results/peers.jsonl` has measured into
 * docs/performance.md, between its marks, and plots CPU per chunk over streams beside it; the first of it into README.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Machine } from './machine.ts';
import { comparison, FIRST_FIGURES } from './peer-table.ts';
import { plot } from './plot.ts';
import type { Result } from './report.ts';

const RESULTS = 'bench/results/peers.jsonl';
const PAGE = 'docs/performance.md';
const IMAGE = 'images/cpu-per-chunk.svg';
const MARKS = /(<!-- peers -->\n)[\s\S]*(<!-- \/peers -->)/;

type Kept = Machine & Result & { readonly pinned: boolean };

const kept: readonly Kept[] = readFileSync(RESULTS, 'utf8')
  .trim()
  .split('\n')
  // JSON has no word for a figure that does not apply.
  .map((line) => JSON.parse(line, (_, value) => value ?? Number.NaN) as Kept);
const [first] = kept;
if (first === undefined) throw new Error(`${RESULTS} is empty`);
const subjects = [...new Set(kept.map(({ subject }) => subject))];

const { date, cpu, cores, memoryGiB, node, pinned } = first;
const where = `${date}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, Node.js ${node}; ${pinned ? 'each alone on one core, load and stub on another' : 'not bound to cores'}.`;
fill(PAGE, `${where}\n\n${comparison(kept, subjects)}\n\n![CPU per chunk over streams](${IMAGE})`);
fill(
  'README.md',
  `Beside other gateways, ${where}\n\n${comparison(kept, subjects, FIRST_FIGURES)}`,
);
writeFileSync(
  `docs/${IMAGE}`,
  plot({
    title: 'CPU per chunk, one chunk per 20 ms and stream',
    x: 'streams',
    y: 'us of CPU, logarithmic',
    series: subjects.map((subject) => ({
      name: subject,
      points: kept
        .filter((one) => one.subject === subject && one.load.startsWith('paced-'))
        .flatMap(({ streams, cpuPerChunkUs }) =>
          // What did not come through at all has no figure.
          Number.isFinite(cpuPerChunkUs ?? Number.NaN) && cpuPerChunkUs
            ? [[streams, cpuPerChunkUs] as const]
            : [],
        ),
    })),
  }),
);

function fill(path: string, text: string): void {
  const page = readFileSync(path, 'utf8');
  if (!MARKS.test(page)) throw new Error(`${path} has no place for it`);
  writeFileSync(
    path,
    page.replace(MARKS, (_, open, close) => `${open}\n${text}\n\n${close}`),
  );
}
