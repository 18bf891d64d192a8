import { type ChildProcess, spawn } from 'node:child_process';

/** A folder as the root of a container, and what it is run with. */
export interface Container {
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** User and group, as numbers. */
  readonly user: string;
  readonly readOnly: boolean;
}

/** Mounted as a container engine does; `$1` is the root, `$2` says whether it is read-only. */
const MOUNTS = `
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/dev"
for device in null zero urandom; do : >"$1/dev/$device"; mount --bind "/dev/$device" "$1/dev/$device"; done
mount -t tmpfs -o uid=65532,gid=65532 tmpfs "$1/var/lib/tamma"
if [ "$2" = true ]; then mount -o remount,bind,ro "$1"; fi
shift 2
exec "$@"
`;

/**
 * Runs a command in a mount namespace of its own, which ends with it, on the machine's network. Needs root. The
 * process is the command itself, so signals reach it.
 */
export function runInContainer(container: Container, command: readonly string[]): ChildProcess {
  const { root, environment, workingDirectory, user, readOnly } = container;
  const [uid, gid] = user.split(':');
  const entry = [
    ...['setpriv', '--no-new-privs', 'unshare', `--root=${root}`, `--wd=${workingDirectory}`],
    ...[`--setgid=${gid}`, `--setuid=${uid}`, ...command],
  ];
  return spawn(
    'unshare',
    ['--mount', '--propagation=private', 'sh', '-ec', MOUNTS, 'sh', root, `${readOnly}`, ...entry],
    {
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
}
