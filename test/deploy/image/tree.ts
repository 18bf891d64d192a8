import { once } from 'node:events';
import { cpSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Container, runInContainer } from './container.ts';
import { type Instruction, pairs, readDockerfile, type Stage, substitute } from './dockerfile.ts';
import { bytesIn, own, writeBuilt, writeRuntime } from './files.ts';

export interface Image extends Container {
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Of its own layers: what the Dockerfile adds to the image that it builds upon. */
  readonly ownBytes: number;
}

/** While its instructions are followed. */
type Draft = {
  -readonly [Key in keyof Image]: Image[Key];
};

/**
 * Follows the Dockerfile below a folder, without an engine, and returns the image of its last stage. The
 * stage `build` is what `npm run build` has left in this folder; what the others build upon is this
 * machine's Node.js, alone with its libraries.
 */
export async function buildImage(folder: string): Promise<Image> {
  const { stages, defaults } = readDockerfile(readFileSync('Dockerfile', 'utf8'));
  const images = new Map<string, Image>();
  for (const stage of stages) {
    images.set(
      stage.name,
      await buildStage(stage, join(folder, stage.name || 'last'), images, defaults),
    );
  }
  const last = images.get('');
  if (last === undefined) throw new Error('The Dockerfile ends in a stage with a name');
  return last;
}

async function buildStage(
  { from, name, instructions }: Stage,
  root: string,
  images: ReadonlyMap<string, Image>,
  defaults: ReadonlyMap<string, string>,
): Promise<Image> {
  mkdirSync(root, { recursive: true });
  const below = images.get(from);
  const draft: Draft = {
    environment: {},
    workingDirectory: '/',
    user: '0:0',
    command: [],
    labels: {},
    ownBytes: 0,
    ...below,
    root,
    readOnly: false,
  };
  if (name === 'build') {
    writeBuilt(root);
    return draft;
  }
  if (below === undefined) writeRuntime(root);
  else cpSync(below.root, root, { recursive: true, verbatimSymlinks: true });
  const values = new Map(defaults);
  for (const instruction of instructions) await follow(instruction, draft, values, images);
  return { ...draft, readOnly: true };
}

async function follow(
  { name, options, rest }: Instruction,
  draft: Draft,
  values: Map<string, string>,
  images: ReadonlyMap<string, Image>,
): Promise<void> {
  switch (name) {
    case 'ARG':
      for (const [key, value] of pairs(rest)) values.set(key, value);
      return;
    case 'ENV':
      draft.environment = { ...draft.environment, ...Object.fromEntries(pairs(rest)) };
      return;
    case 'LABEL':
      draft.labels = { ...draft.labels, ...Object.fromEntries(pairs(substitute(rest, values))) };
      return;
    case 'USER':
      draft.user = rest;
      return;
    case 'WORKDIR':
      draft.workingDirectory = rest;
      mkdirSync(join(draft.root, rest), { recursive: true });
      return;
    case 'COPY':
      copy(draft, options, rest.split(/\s+/), images);
      return;
    case 'RUN':
      await run(draft, JSON.parse(rest));
      return;
    case 'ENTRYPOINT':
      draft.command = JSON.parse(rest);
      return;
    case 'EXPOSE':
      return;
    default:
      throw new Error(`${name} is not followed here`);
  }
}

function copy(
  draft: Draft,
  { from, chown = '0:0', chmod }: Instruction['options'],
  paths: readonly string[],
  images: ReadonlyMap<string, Image>,
): void {
  const context = from === undefined ? resolve('.') : images.get(from)?.root;
  if (context === undefined) throw new Error(`COPY --from=${from}: there is no such stage`);
  const target = paths.at(-1) ?? '';
  for (const pattern of paths.slice(0, -1)) {
    const found = globSync(join(context, pattern));
    if (found.length === 0) throw new Error(`COPY ${pattern}: there is no such file`);
    for (const path of found) {
      const within = target.endsWith('/') ? join(target, basename(path)) : target;
      const to = join(draft.root, draft.workingDirectory, within);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(path, to, { recursive: true });
      own(to, chown, chmod);
      draft.ownBytes += bytesIn(to);
    }
  }
}

async function run(draft: Draft, command: readonly string[]): Promise<void> {
  const child = runInContainer(draft, command);
  if (child.stdout === null || child.stderr === null) throw new Error('no output');
  child.stdout.resume();
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  if (code !== 0) throw new Error(`RUN ${command.join(' ')}: ended with ${code}\n${said}`);
}
