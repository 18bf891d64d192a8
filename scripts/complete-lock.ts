/**
 * Completes package-lock.json after an install (`npm run lock`).
 *
 * npm writes no entry for an optional package of another platform if the registry it asked does not
 * carry that version (mirrors lag behind for platforms nobody there uses). `npm ci` then refuses the
 * lock file everywhere: "Missing: @swc/core-darwin-arm64@… from lock file". This script adds the
 * missing entries. An entry needs the platform, or npm would install it on every machine; the
 * package's name tells it, as all of them are named by the same convention.
 *
 * `--check` changes nothing and fails if entries are missing.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockedPackage {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const OS = /(?:^|-)(darwin|linux|win32|android|freebsd|openharmony)(?:-|$)/;
const CPU = /(?:^|-)(arm64|x64|ia32|ppc64|riscv64|s390x|loong64|arm(?=v7|-))/;
const LIBC = /-(musl|gnu|gnueabihf|musleabihf)$/;

function platformOf(name: string): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> {
  const os = OS.exec(name)?.[1];
  const cpu = CPU.exec(name)?.[1];
  if (os === undefined || cpu === undefined) {
    throw new Error(`${name}: its name does not tell its platform; add its lock entry by hand`);
  }
  const libc = LIBC.exec(name)?.[1];
  return {
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' && libc !== undefined
      ? { libc: [libc.startsWith('musl') ? 'musl' : 'glibc'] }
      : {}),
  };
}

const path = 'package-lock.json';
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockedPackage> };
const added: string[] = [];

for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined || lock.packages[`${parent}/${key}`] !== undefined)
      continue;
    lock.packages[key] = {
      version,
      ...platformOf(name.slice(name.indexOf('/') + 1)),
      optional: true,
      ...(entry.dev === true ? { dev: true } : {}),
    };
    added.push(`${name}@${version}`);
  }
}

if (process.argv.includes('--check')) {
  if (added.length > 0) {
    console.error(`run "npm run lock"; package-lock.json lacks ${added.join(', ')}`);
    process.exit(1);
  }
} else {
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(added.length === 0 ? 'nothing was missing' : `added ${added.join(', ')}`);
}
