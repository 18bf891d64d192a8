import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/** A part of a manifest, whatever it is. */
// biome-ignore lint/suspicious/noExplicitAny: manifests are as deep as Kubernetes has made them.
export type Manifest = any;

/** What `kubectl kustomize` would print of a folder, and the files of its ConfigMaps by name. */
export interface Rendered {
  readonly objects: Manifest[];
  readonly configMaps: Map<string, Record<string, string>>;
}

export const KUBERNETES = 'deploy/kubernetes';

/** Folders that are applied; `sidecar` is a component of some of them. */
export const FOLDERS = ['example', 'job', 'job-dispose', 'shared', 'redis', 'monitoring'] as const;

/**
 * Renders a folder with the little of kustomize that it uses, so that the tests need no kubectl.
 * `rendered.long.test.ts` compares it with the original.
 */
export function render(folder: string): Rendered {
  const rendered: Rendered = { objects: [], configMaps: new Map() };
  apply(join(KUBERNETES, folder), rendered);
  return rendered;
}

/** What the component makes of objects. */
export function withSidecar(objects: readonly Manifest[]): Manifest[] {
  const rendered = { objects: objects.map((one) => structuredClone(one)), configMaps: new Map() };
  apply(join(KUBERNETES, 'sidecar'), rendered);
  return rendered.objects;
}

/** A workload of each kind that the component knows, with one container. */
export function workloads(): Manifest[] {
  const template = { spec: { containers: [{ name: 'app', image: 'app:1' }] } };
  const selected = { selector: { matchLabels: { app: 'app' } } };
  const labelled = { ...template, metadata: { labels: { app: 'app' } } };
  const object = (group: string, kind: string, spec: Manifest) => ({
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: kind.toLowerCase() },
    spec,
  });
  return [
    object('apps', 'Deployment', { ...selected, template: labelled }),
    object('apps', 'StatefulSet', { ...selected, serviceName: 'app', template: labelled }),
    object('apps', 'DaemonSet', { ...selected, template: labelled }),
    object('batch', 'Job', { template }),
    object('batch', 'CronJob', { schedule: '@daily', jobTemplate: { spec: { template } } }),
  ];
}

function apply(directory: string, rendered: Rendered): void {
  const {
    resources = [],
    components = [],
    ...file
  }: Manifest = read(directory, 'kustomization.yaml');
  for (const resource of resources) {
    if (resource.endsWith('.yaml')) rendered.objects.push(...readAll(directory, resource));
    else apply(join(directory, resource), rendered);
  }
  for (const component of components) apply(join(directory, component), rendered);
  for (const { name, files } of file.configMapGenerator ?? []) {
    const texts = files.map((path: string) => [path, readFileSync(join(directory, path), 'utf8')]);
    rendered.configMaps.set(name, Object.fromEntries(texts));
  }
  for (const { path, target } of file.patches ?? []) {
    const { kind, metadata, ...patch } = read(directory, path);
    const fits = (object: Manifest) =>
      target === undefined
        ? object.kind === kind && object.metadata.name === metadata.name
        : new RegExp(`^${target.kind}$`).test(object.kind);
    for (const object of rendered.objects.filter(fits)) {
      merge(object, { spec: patch.spec });
    }
  }
}

function merge(into: Manifest, patch: Manifest): void {
  for (const [key, value] of Object.entries<Manifest>(patch)) {
    if (Array.isArray(value) && Array.isArray(into[key])) mergeList(into[key], value);
    else if (isGroup(value) && isGroup(into[key])) merge(into[key], value);
    else into[key] = structuredClone(value);
  }
}

/** Lists of containers and volumes are merged by name, those of mounts by path. */
function mergeList(into: Manifest[], patch: Manifest[]): void {
  for (const element of patch) {
    const key = 'mountPath' in element ? 'mountPath' : 'name';
    const same = into.find((other) => other[key] === element[key]);
    if (same === undefined) into.push(structuredClone(element));
    else merge(same, element);
  }
}

const isGroup = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As YAML 1.1, like kubectl: 0440 is octal. */
function read(directory: string, path: string): Manifest {
  return parse(readFileSync(join(directory, path), 'utf8'), { version: '1.1' });
}

function readAll(directory: string, path: string): Manifest[] {
  const text = readFileSync(join(directory, path), 'utf8');
  return documents(text);
}

export function documents(text: string): Manifest[] {
  return parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS());
}
