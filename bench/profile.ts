/**
 * Where the time went, of a profile that `npm run bench -- --profile DIR ROW` made:
 * `node bench/profile.ts DIR/*.cpuprofile`. Shares are of the time that was not idle; start-up is
 * part of it.
 */
import { readFileSync } from 'node:fs';
import { table } from './table.ts';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  /** The node of each sample, and µs since the sample before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const TOP = 40;

for (const path of process.argv.slice(2)) {
  const profile: Profile = JSON.parse(readFileSync(path, 'utf8'));
  console.log(`${path}\n`);
  console.log(`${ranking('place', profile, placeOf, Number.POSITIVE_INFINITY)}\n`);
  console.log(`${ranking('function', profile, functionOf, TOP)}\n`);
}

function ranking(
  what: string,
  { nodes, samples, timeDeltas }: Profile,
  nameOf: (node: ProfileNode) => string,
  top: number,
): string {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  let total = 0;
  for (const [at, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    if (name === '(idle)') continue;
    const spent = timeDeltas[at] ?? 0;
    total += spent;
    times.set(name, (times.get(name) ?? 0) + spent);
  }
  const ranked = [...times].sort(([, a], [, b]) => b - a).slice(0, top);
  return table(
    [
      { title: what, cell: ([name]) => name },
      { title: 'ms', cell: ([, spent]) => (spent / 1000).toFixed(0) },
      { title: '%', cell: ([, spent]) => ((spent / total) * 100).toFixed(1) },
    ],
    ranked,
  );
}

/** The package, the folder of src, or the part of Node.js. */
function placeOf({ callFrame: { functionName, url } }: ProfileNode): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native';
  if (url.startsWith('node:')) return url.replace(/^(node:(?:internal\/)?[^/]+).*$/, '$1');
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  return name ?? url.replace(/^.*\/(?=(?:src|dist)\/)/, '').replace(/\/[^/]*$/, '');
}

function functionOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const [, file = url.replace(/^.*\/(?=(?:src|dist)\/)/, '')] =
    /.*\/node_modules\/(.*)/.exec(url) ?? [];
  return `${name} ${file}:${lineNumber + 1}`;
}
