import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { dependenciesDoc, dependencyProblems, type Lock } from '../../scripts/dependencies.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const lock: Lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));

/** The lock file with one package more. */
const withPackage = (fields: object): Lock => ({
  packages: {
    ...lock.packages,
    'node_modules/a/node_modules/@b/c': { integrity: 'sha512-x', license: 'MIT', ...fields },
  },
});

describe('dependencies', () => {
  it('are as they should be', () => {
    expect(dependencyProblems(manifest, lock)).toEqual([]);
  });

  it.each([
    [{}, []],
    [{ license: '(MIT OR GPL-3.0)' }, []],
    [{ license: 'MIT AND GPL-3.0' }, ['@b/c has the licence MIT AND GPL-3.0']],
    [{ license: 'GPL-3.0', dev: true }, []],
    [{ license: undefined }, ['@b/c has the licence nobody knows']],
    [{ integrity: 'sha1-x' }, ['@b/c has no SHA-512']],
    [{ integrity: undefined, dev: true, optional: true }, []],
    [{ resolved: 'git+ssh://git@github.com/b/c.git' }, ['@b/c comes from a place of its own']],
    [{ resolved: 'https://registry.example.com/c.tgz' }, ['@b/c comes from a place of its own']],
    [{ hasInstallScript: true }, ['@b/c has an install script']],
  ])('with %j: %j', (fields, problems) => {
    expect(dependencyProblems(manifest, withPackage(fields))).toEqual(problems);
  });

  it('have a purpose, each', () => {
    const dependencies = { ...manifest.dependencies, more: '1.0.0' };
    delete dependencies.zod;
    expect(dependencyProblems({ ...manifest, dependencies }, lock)).toEqual([
      'more has no purpose',
      'zod has a purpose, and is no dependency',
    ]);
  });

  it('are all on the page (npm run generate)', () => {
    const page = readFileSync('docs/dependencies.md', 'utf8');
    expect(page).toBe(dependenciesDoc(manifest, lock));
  });
});
