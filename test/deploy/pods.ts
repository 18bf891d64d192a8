import { basename, join, relative } from 'node:path';
import { parse } from 'yaml';
import { FOLDERS, type Manifest, type Rendered, render } from './kustomize.ts';

/** A Pod with the provider in it, as a folder's workload describes it. */
export interface ProviderPod {
  readonly folder: string;
  readonly workload: Manifest;
  /** Its `spec.template`. */
  readonly template: Manifest;
  readonly container: Manifest;
  /** Reads what the container finds at a path; Secrets hold what SECRETS says, or a text. */
  readonly readFile: (path: string) => string;
}

/** For the tests: what a Secret holds that a program looks into. */
const SECRETS: Readonly<Record<string, string>> = {
  'tamma-redis/url': 'rediss://user:password@redis.example.com:6379',
};

/** As long as a token has to be. */
const SECRET = 'secret-of-a-test-0123456789';

export function providerPods(): ProviderPod[] {
  return FOLDERS.flatMap((folder) => {
    const rendered = render(folder);
    return rendered.objects
      .filter((object) => object.spec?.template !== undefined)
      .map((workload) => podOf(folder, workload, rendered));
  });
}

function podOf(folder: string, workload: Manifest, { configMaps }: Rendered): ProviderPod {
  const { template } = workload.spec;
  const container = [...(template.spec.initContainers ?? []), ...template.spec.containers].find(
    ({ name }) => name === 'tamma-provider',
  );
  const readFile = (path: string) => {
    const mount = mountOf(container, path);
    const volume = template.spec.volumes.find(({ name }: Manifest) => name === mount?.name);
    const file = relative(mount?.mountPath ?? '/', path);
    const text =
      volume?.configMap === undefined
        ? secretOf(volume?.secret, file)
        : configMaps.get(volume.configMap.name)?.[file];
    if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
    return text;
  };
  return { folder, workload, template, container, readFile };
}

/** The volume that a path of a container is in. */
export function mountOf(container: Manifest, path: string): Manifest {
  return container.volumeMounts.find(({ mountPath }: Manifest) => path.startsWith(`${mountPath}/`));
}

function secretOf(secret: Manifest, file: string): string | undefined {
  if (secret === undefined) return undefined;
  return SECRETS[join(secret.secretName, file)] ?? `${SECRET}-${file}`;
}

/** Every path in what a configuration file says, whatever its key. */
export function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^(unix:)?\//.test(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(pathsIn);
}

/** The files that a container finds: its configuration and what that names. `contents` by name win. */
export function filesOf(
  { container, readFile }: ProviderPod,
  contents: Readonly<Record<string, string>>,
): [path: string, text: string][] {
  const configPath = container.args[1];
  const text = readFile(configPath);
  const named = pathsIn(parse(text)).filter((path) => mountOf(container, path)?.readOnly === true);
  return [
    [configPath, text],
    ...named.map((path): [string, string] => [path, contents[basename(path)] ?? readFile(path)]),
  ];
}
