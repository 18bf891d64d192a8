import { type Command, Option } from 'commander';
import { DEFAULT_ADMIN_LISTEN, DEFAULT_LISTEN } from '../../config/addresses.ts';
import { LONGEST } from '../../config/units.ts';
import { configOption, jsonOption } from '../options.ts';
import { durationUpTo } from '../values.ts';

/** How a sidecar is reached, and how its answer is printed. */
export interface ConnectionOptions {
  readonly address?: string;
  readonly tls?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  /** In ms. */
  readonly timeout?: number;
  readonly config?: string;
  readonly json?: boolean;
}

/** What is reached, the beginning of the names of the variables that say where, and with which token, and where it is without one. */
export const DOORS = {
  listen: {
    what: 'the sidecar of the same configuration listens',
    prefix: 'TAMMA',
    fallback: DEFAULT_LISTEN,
  },
  adminListen: {
    what: 'its adminListen says',
    prefix: 'TAMMA_ADMIN',
    fallback: DEFAULT_ADMIN_LISTEN,
  },
} as const;
export type Door = keyof typeof DOORS;

interface Defaults {
  /** What --json prints. */
  readonly json: string;
  /** In ms. Absent: the sidecar's own deadline. */
  readonly timeoutMs?: number;
  /** Default: that of the gRPC server. */
  readonly door?: Door;
}

/** Within which a sidecar answers what it knows, in ms. */
export const QUICK_MS = 10_000;

/** Adds the options of a command that asks a running sidecar. Each variable stands for an option; that wins. */
export function addConnectionOptions(
  command: Command,
  { json, timeoutMs, door = 'listen' }: Defaults,
): Command {
  const { what, prefix } = DOORS[door];
  const timeout = option('--timeout <duration>', 'such as 500ms, 30s, 5m').argParser(
    durationUpTo(LONGEST),
  );
  if (timeoutMs !== undefined) timeout.default(timeoutMs, `${timeoutMs / 1_000}s`);
  const all = [
    option(
      '--address <address>',
      `host:port or unix:/path; default: where ${what}`,
      prefix,
      'ADDRESS',
    ),
    timeout,
    option('--tls', 'speak TLS, as any of the next four does, too'),
    option('--ca <path>', 'whom to trust, PEM; default: the roots of Node.js', prefix, 'CA'),
    option('--cert <path>', 'own certificate, PEM, with --key', prefix, 'CERT'),
    option('--key <path>', 'its private key, PEM', prefix, 'KEY'),
    option('--server-name <name>', 'in its certificate, where it is not the address'),
    option('--token <token>', 'bearer token; others can see command lines', prefix, 'TOKEN'),
    option('--token-file <path>', 'file that holds it', prefix, 'TOKEN_FILE'),
    configOption().helpGroup(GROUP),
  ];
  command.addOption(jsonOption(json));
  for (const one of all) command.addOption(one);
  return command;
}

const GROUP = 'Connection:';

function option(flags: string, text: string, ...variable: readonly string[]): Option {
  const name = variable.length === 0 ? '' : ` (${variable.join('_')})`;
  return new Option(flags, `${text}${name}`).helpGroup(GROUP);
}
