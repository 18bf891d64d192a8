import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FILE_DESCRIPTOR_SET } from './gen/descriptors.ts';

const USAGE = `Usage: tamma-provider-openai protos --out DIRECTORY

Writes the contract that this version serves: proto/ and third_party/, from which stubs are generated, and
descriptors.binpb, the same as a google.protobuf.FileDescriptorSet, for grpcurl -protoset and the like.

  --out DIRECTORY   is made if it is not there; what has the same name in it is replaced
  --help            print this, and exit
`;

/** Beside src and dist alike. */
const SOURCES = ['proto', 'third_party'].map((name) => ({
  name,
  path: fileURLToPath(new URL(`../${name}`, import.meta.url)),
}));

interface Output {
  write(text: string): unknown;
}

/** Writes the contract to a directory. Returns the exit code: 0, 1 if it cannot be written, 2 if asked wrongly. */
export function writeProtos(argv: readonly string[], stdout: Output, stderr: Output): number {
  let out: string | undefined;
  try {
    const options = { out: { type: 'string' }, help: { type: 'boolean' } } as const;
    const { values } = parseArgs({ args: [...argv], options });
    if (values.help) {
      stdout.write(USAGE);
      return 0;
    }
    out = values.out;
    if (!out) throw new TypeError("Option '--out <value>' is missing");
  } catch (error) {
    stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  try {
    mkdirSync(out, { recursive: true });
    for (const { name, path } of SOURCES) {
      if (!existsSync(path)) throw new Error(`${path} is missing`);
      cpSync(path, join(out, name), { recursive: true });
    }
    writeFileSync(join(out, 'descriptors.binpb'), Buffer.from(FILE_DESCRIPTOR_SET, 'base64'));
    return 0;
  } catch (error) {
    stderr.write(`protos: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
