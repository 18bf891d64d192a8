import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { runCommand } from '../support/run-command.ts';
import { tempFolders } from '../support/temp-folder.ts';

const newFolder = tempFolders();
let directory: string;
beforeEach(() => {
  directory = newFolder();
});

const protos = (...argv: string[]) => runCommand(['protos', ...argv]);

describe('protos', () => {
  it('writes what stubs are generated from', async () => {
    const out = join(directory, 'a/b');
    expect(await protos('--out', out)).toEqual({ exitCode: 0, out: '', err: '' });
    const file = 'tamma/provider/v1/message.proto';
    expect(readFileSync(join(out, 'proto', file), 'utf8')).toBe(
      readFileSync(join('proto', file), 'utf8'),
    );
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(join(out, 'descriptors.binpb')));
    expect(set.file.map(({ name }) => name)).toContain(file);
  });

  it('says why it cannot', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const { exitCode, err } = await protos('--out', join(file, 'below'));
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: expect.stringContaining('ENOTDIR') });
    // Of a directory that is there, the kernel says that it is missing.
    const proc = await protos('--out', '/proc/x/y');
    expect(proc).toMatchObject({ exitCode: 1, err: expect.stringContaining("mkdir '/proc/x'") });
    expect(await protos()).toMatchObject({ exitCode: 2, err: expect.stringContaining('--out') });
  });
});
