import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { documents, FOLDERS, KUBERNETES, type Manifest, render } from './kustomize.ts';

/** Lists in the order of their text and names without kustomize's hash, for two ways to write one thing. */
function inOrder(value: Manifest): Manifest {
  if (typeof value === 'string') {
    return value.replace(/^(tamma-provider(?:-shared)?)-[a-z0-9]{10}$/, '$1');
  }
  if (Array.isArray(value)) {
    return value.map((each) => JSON.stringify(inOrder(each))).sort();
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, inOrder(inner)]));
}

function kustomize(folder: string): Manifest[] {
  const directory = join(KUBERNETES, folder);
  return documents(execFileSync('bash', ['scripts/kustomize.sh', directory], { encoding: 'utf8' }));
}

describe('kustomize', () => {
  it.each(FOLDERS)('renders %s as the other tests do', (folder) => {
    const { objects, configMaps } = render(folder);
    const own = [...configMaps].map(([name, data]) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data,
    }));
    const withoutImages = (list: Manifest[]) =>
      JSON.parse(JSON.stringify(list).replaceAll('registry.example.com/tamma-', 'tamma-'));
    expect(inOrder(withoutImages(kustomize(folder)))).toEqual(inOrder([...own, ...objects]));
  });
});
