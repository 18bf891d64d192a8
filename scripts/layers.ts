import { dirname } from 'node:path';

/** From the ground up. Folders of one entry do not import each other. */
const LAYERS: readonly (readonly string[])[] = [
  // The client is what other processes call the sidecar with.
  ['telemetry', 'config', 'client'],
  ['core'],
  // What the simulator says must not hang on how the program asks.
  ['request', 'simulator'],
  ['money'],
  ['policies'],
  ['shared-store', 'openai'],
  ['provider'],
  ['batch'],
  ['server'],
  ['app'],
  ['cli'],
  ['main'],
];

/** The only places, below src, that import them. */
const PACKAGES: readonly (readonly [packages: RegExp, ...places: string[]])[] = [
  [/^@grpc\//, 'server/', 'client/'],
  [/^(openai|undici)(\/|$)/, 'openai/'],
  [/^opossum$/, 'policies/breaker/'],
  [/^@redis\//, 'shared-store/'],
  [/^commander$/, 'cli/'],
  [/^lru-cache$/, 'money/cache/', 'money/repeats/'],
  [/^node:sqlite$/, 'money/store/', 'money/ledger/', 'money/batches/', 'money/cache/'],
];

/** Wire types stay in the server, which converts them. */
export const GENERATED = { folder: 'gen', importers: ['server', 'app', 'client', 'cli'] };

/** No part of the process that serves: its command loads it. */
const SIMULATOR = { folder: 'simulator', importers: ['cli'] };

export interface Import {
  readonly from: string;
  /** A file below src, or a package. */
  readonly to: string;
  readonly isFile: boolean;
}

/** A sentence for each breach of the plan. */
export function breaches(imports: readonly Import[]): string[] {
  return [...imports.flatMap(problemsOf), ...cycles(imports)];
}

function problemsOf({ from, to, isFile }: Import): string[] {
  if (!isFile) {
    return PACKAGES.filter(
      ([packages, ...places]) =>
        packages.test(to) && !places.some((place) => from.startsWith(place)),
    ).map(([, ...places]) => `src/${from} imports ${to}, which lives in src/${places.join(', ')}`);
  }
  const [mine, other] = [roomOf(from), roomOf(to)];
  if (mine === other) return [];
  if (other === GENERATED.folder) {
    return GENERATED.importers.includes(mine) ? [] : [`src/${from} imports wire types of ${to}`];
  }
  if (other === SIMULATOR.folder && !SIMULATOR.importers.includes(mine)) {
    return [`src/${from} imports the simulator's ${to}`];
  }
  return levelOf(other) < levelOf(mine)
    ? []
    : [`src/${from} imports src/${to}, against the layers`];
}

/** The folder of src, `main` for the edge of the process, and `app` for what puts everything together. */
function roomOf(path: string): string {
  if (path === 'main.ts') return 'main';
  const [first = ''] = path.split('/');
  return first.endsWith('.ts') ? 'app' : first;
}

function levelOf(room: string): number {
  const level = LAYERS.findIndex((rooms) => rooms.includes(room));
  if (level === -1) throw new Error(`src/${room} has no place in LAYERS`);
  return level;
}

/** A sentence for each pair of folders that can reach each other. */
function cycles(all: readonly Import[]): string[] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to, isFile } of all) {
    const [a, b] = [folderOf(from), folderOf(to)];
    if (!isFile || a === b) continue;
    targets.set(a, (targets.get(a) ?? new Set()).add(b));
  }
  const reach = new Map([...targets.keys()].map((folder) => [folder, reachable(folder, targets)]));
  return [...reach].flatMap(([a, found]) =>
    [...found]
      .filter((b) => a < b && reach.get(b)?.has(a))
      .map((b) => `src/${a} and src/${b} import each other, directly or through others`),
  );
}

/** What cycles are made of: main.ts lies beside what it does not belong to. */
function folderOf(path: string): string {
  return roomOf(path) === 'main' ? 'main' : dirname(path);
}

function reachable(start: string, targets: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const found = new Set<string>();
  const open = [start];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const next of targets.get(folder) ?? []) {
      if (!found.has(next)) open.push(next);
      found.add(next);
    }
  }
  return found;
}
