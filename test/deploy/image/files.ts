import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the image that the Dockerfile builds upon has its interpreter. */
const NODE = '/nodejs/bin/node';

/** What `npm run build` and the rest of the stage `build` leave behind. */
export function writeBuilt(root: string): void {
  mkdirSync(join(root, 'app/compile-cache'), { recursive: true });
  cpSync('dist', join(root, 'app/dist'), { recursive: true });
}

/** Node.js and the libraries that the loader finds for it: no shell, no other program. */
export function writeRuntime(root: string): void {
  const list = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  const libraries = [...list.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  for (const [from, to] of [
    [process.execPath, NODE] as const,
    ...libraries.map((path) => [path, path] as const),
  ]) {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(from, join(root, to));
  }
  // The last two are where an engine mounts volumes of a Pod.
  for (const folder of ['proc', 'dev', 'tmp', 'var/lib/tamma']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n');
}

/** Every file below a path, or the path itself. */
export function filesIn(path: string): string[] {
  if (!lstatSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesIn(join(path, name)));
}

export function bytesIn(path: string): number {
  return filesIn(path).reduce((sum, file) => sum + lstatSync(file).size, 0);
}

/**
 * @param owner user and group, as numbers: `0:0`.
 * @param mode octal: `0555`. Default: as it is.
 */
export function own(path: string, owner: string, mode?: string): void {
  const [uid = 0, gid = 0] = owner.split(':').map(Number);
  lchownSync(path, uid, gid);
  if (mode !== undefined) chmodSync(path, mode);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) own(join(path, name), owner, mode);
}
