import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { makeDirectory } from '../../core/make-directory.ts';
import { type Cli, CliError } from '../cli.ts';
import { explain } from '../help.ts';
import { jsonOption } from '../options.ts';

interface Options {
  readonly out: string;
  readonly json?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'Write the contract that this version serves: proto/ and third_party/, from which stubs are generated, and descriptors.binpb, the same as a google.protobuf.FileDescriptorSet, for grpcurl -protoset and the like.',
    )
    .requiredOption(
      '--out <directory>',
      'is made if it is not there; what has the same name in it is replaced',
    )
    .addOption(jsonOption('one JSON document: what was written'))
    .action(async ({ out, json }: Options) => {
      const written = await writeProtos(out, cli.packageRoot);
      if (json) cli.host.stdout.write(`${JSON.stringify({ written }, null, 2)}\n`);
    });
  explain(command, {
    examples: [['protos --out contract', 'What protoc or buf generate stubs from']],
  });
}

const SOURCES = ['proto', 'third_party'];

/** Resolves with what was written. */
async function writeProtos(out: string, packageRoot: URL): Promise<readonly string[]> {
  const { FILE_DESCRIPTOR_SET } = await import('../../gen/descriptors.ts');
  try {
    makeDirectory(out);
    for (const name of SOURCES) {
      cpSync(fileURLToPath(new URL(name, packageRoot)), join(out, name), { recursive: true });
    }
    writeFileSync(join(out, 'descriptors.binpb'), Buffer.from(FILE_DESCRIPTOR_SET, 'base64'));
  } catch (error) {
    throw new CliError('failed', error instanceof Error ? error.message : String(error));
  }
  return [...SOURCES, 'descriptors.binpb'].map((name) => join(out, name));
}
