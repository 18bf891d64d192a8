import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeProtos } from '../src/protos-command.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'protos-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function run(...argv: string[]) {
  const said = { stdout: '', stderr: '' };
  const to = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      said[name] += text;
    },
  });
  return { code: writeProtos(argv, to('stdout'), to('stderr')), ...said };
}

describe('protos', () => {
  it('writes what stubs are generated from', () => {
    const out = join(directory, 'a/b');
    expect(run('--out', out)).toEqual({ code: 0, stdout: '', stderr: '' });
    const file = 'tamma/provider/v1/message.proto';
    expect(readFileSync(join(out, 'proto', file), 'utf8')).toBe(
      readFileSync(join('proto', file), 'utf8'),
    );
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(join(out, 'descriptors.binpb')));
    expect(set.file.map(({ name }) => name)).toContain(file);
  });

  it('tells how it is used', () => {
    expect(run('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--out') });
    expect(run()).toMatchObject({ code: 2, stderr: expect.stringContaining('--out') });
    expect(run('--to', 'x')).toMatchObject({ code: 2, stderr: expect.stringContaining('--to') });
  });

  it('says why it cannot', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const { code, stderr } = run('--out', join(file, 'below'));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('ENOTDIR') });
  });
});
