import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { tempFolder } from '../support/temp-folder.ts';
import {
  documents,
  FOLDERS,
  KUBERNETES,
  type Manifest,
  render,
  withSidecar,
  workloads,
} from './kustomize.ts';

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

function kustomize(directory: string): Manifest[] {
  return documents(execFileSync('bash', ['scripts/kustomize.sh', directory], { encoding: 'utf8' }));
}

describe('kustomize', () => {
  const folder = tempFolder();

  it('gives each kind of workload the sidecar as the other tests do', () => {
    const kustomization = {
      resources: ['all.yaml'],
      components: [relative(folder, resolve(KUBERNETES, 'sidecar'))],
    };
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    writeFileSync(
      join(folder, 'all.yaml'),
      workloads()
        .map((object) => JSON.stringify(object))
        .join('\n---\n'),
    );
    const rendered = kustomize(folder).filter(({ kind }) => kind !== 'ConfigMap');
    expect(inOrder(rendered)).toEqual(inOrder(withSidecar(workloads())));
  });

  it.each(FOLDERS)('renders %s as the other tests do', (name) => {
    const { objects, configMaps } = render(name);
    const own = [...configMaps].map(([map, data]) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: map },
      data,
    }));
    const withoutImages = (list: Manifest[]) =>
      JSON.parse(JSON.stringify(list).replaceAll('registry.example.com/tamma-', 'tamma-'));
    expect(inOrder(withoutImages(kustomize(join(KUBERNETES, name))))).toEqual(
      inOrder([...own, ...objects]),
    );
  });
});
