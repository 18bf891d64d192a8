import type { Command } from 'commander';
import type { Cli } from './cli.ts';

/** A subcommand: one file in commands/, which is loaded when it is asked for. */
interface Subcommand {
  /** One line of the list in `--help`. */
  readonly summary: string;
  readonly load: () => Promise<{
    /** Declares arguments, options and help, and sets the action. Loads nothing more than that needs. */
    register(command: Command, cli: Cli): void;
  }>;
}

/** By heading of the list in `--help`, in its order. The first is what runs without a name. */
export const COMMANDS: Readonly<Record<string, Readonly<Record<string, Subcommand>>>> = {
  'The sidecar:': {
    serve: {
      summary: 'run the sidecar; what happens without a command',
      load: () => import('./commands/serve.ts'),
    },
    'check-config': {
      summary: 'print the effective configuration, without secrets',
      load: () => import('./commands/check-config.ts'),
    },
  },
  'A running sidecar:': {
    ask: {
      summary: 'ask a model; the answer streams',
      load: () => import('./commands/ask.ts'),
    },
    status: {
      summary: 'say whether it can answer, and what is wrong',
      load: () => import('./commands/status.ts'),
    },
    models: {
      summary: 'list its models: limits, prices, when they end',
      load: () => import('./commands/models.ts'),
    },
    usage: {
      summary: 'say what was used and spent',
      load: () => import('./commands/usage.ts'),
    },
    budgets: {
      summary: 'say what of each budget is left',
      load: () => import('./commands/budgets.ts'),
    },
    batch: {
      summary: 'many requests at once: create, status, results, cancel, list',
      load: () => import('./commands/batch.ts'),
    },
    call: {
      summary: 'explain a call: why it was slow, refused, or dear',
      load: () => import('./commands/call.ts'),
    },
    reload: {
      summary: 'let it read its configuration again',
      load: () => import('./commands/reload.ts'),
    },
    probe: {
      summary: 'say by the exit code whether it takes calls',
      load: () => import('./commands/probe.ts'),
    },
  },
  'What it keeps:': {
    ledger: {
      summary: 'write the records of the ledger to standard output',
      load: () => import('./commands/ledger.ts'),
    },
    forget: {
      summary: 'erase a user or project from what is kept',
      load: () => import('./commands/forget.ts'),
    },
  },
  'For programs that call it:': {
    protos: {
      summary: 'write the contract, for stubs and grpcurl, to a directory',
      load: () => import('./commands/protos.ts'),
    },
    simulate: {
      summary: "answer in OpenAI's place, for tests: a script, or a recording",
      load: () => import('./commands/simulate.ts'),
    },
  },
};

/** What runs without a name. */
export const DEFAULT_COMMAND = 'serve';
