import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * What is rolled out from and back to. Nothing is released yet, so it is a commit: the first whose command
 * and dependencies are those of today.
 */
const COMMIT = '36b9f27d4d40';
const CONTENTS = ['src', 'proto', 'third_party', 'package.json'];

/** A program that can be started. */
export interface Version {
  /** As GetStatus tells it. */
  readonly name: string;
  /** What Node.js is given. */
  readonly entry: string;
}

export const THIS_VERSION: Version = { name: manifest('.').version, entry: 'src/main.ts' };

export interface UnpackedVersion extends Version {
  /** Absent: it is this one by another name, for this reason. */
  readonly instead?: string;
  remove(): void;
}

/** Unpacks it beside this one's dependencies. Where that cannot be, it is this one by another name. */
export function versionBefore(): UnpackedVersion {
  const directory = mkdtempSync(join(tmpdir(), 'version-before-'));
  const instead = unpackInto(directory);
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  const name = `${THIS_VERSION.name}-before`;
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ ...manifest(directory), version: name }),
  );
  return {
    name,
    entry: join(directory, 'src/main.ts'),
    ...(instead !== undefined && { instead }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Why it is not the commit; undefined: it is. */
function unpackInto(directory: string): string | undefined {
  const isThere = spawnSync('git', ['cat-file', '-e', `${COMMIT}^{commit}`]).status === 0;
  if (isThere) {
    const archive = execFileSync('git', ['archive', COMMIT, ...CONTENTS], { maxBuffer: 2 ** 28 });
    execFileSync('tar', ['-x', '-C', directory], { input: archive });
    const changed = changedDependencies(directory);
    if (changed.length === 0) return undefined;
    return copyInto(directory, `it needs other versions of ${changed.join(', ')}`);
  }
  return copyInto(directory, `the history of this repository does not reach back to ${COMMIT}`);
}

function copyInto(directory: string, reason: string): string {
  for (const each of CONTENTS) cpSync(each, join(directory, each), { recursive: true });
  return reason;
}

function changedDependencies(directory: string): readonly string[] {
  const installed = manifest('.').dependencies;
  const needed = Object.entries(manifest(directory).dependencies);
  return needed.filter(([name, version]) => installed[name] !== version).map(([name]) => name);
}

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

function manifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
}
