import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readTextFile, readTextFileSync } from '../../src/core/read-file.ts';
import { tempFolder } from '../support/temp-folder.ts';

const directory = tempFolder();
const at = (name: string) => join(directory, name);

const ways = [
  ['at once', async (path: string, max?: number) => readTextFileSync(path, max)],
  ['later', readTextFile],
] as const;

describe.each(ways)('a file that is read %s', (_how, read) => {
  it('is text, through a link and across blocks', async () => {
    const text = 'é🙂'.repeat(50_000);
    writeFileSync(at('text'), text);
    rmSync(at('link'), { force: true });
    symlinkSync(at('text'), at('link'));
    expect(await read(at('link'))).toBe(text);
    writeFileSync(at('empty'), '');
    expect(await read(at('empty'))).toBe('');
  });

  it('may be one that does not say how long it is', async () => {
    expect(await read('/proc/self/status')).toContain('Pid:');
  });

  it('is refused, and not waited for, if it is a FIFO, a device or a directory', async () => {
    rmSync(at('fifo'), { force: true });
    execFileSync('mkfifo', [at('fifo')]);
    await expect(read(at('fifo'))).rejects.toMatchObject({ code: 'EFTYPE' });
    await expect(read('/dev/zero')).rejects.toMatchObject({ code: 'EFTYPE' });
    await expect(read(directory)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(read(at('none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is refused above its limit, before it is read', async () => {
    writeFileSync(at('large'), '');
    truncateSync(at('large'), 10 * 2 ** 30);
    await expect(read(at('large'))).rejects.toMatchObject({ code: 'EFBIG' });
    writeFileSync(at('small'), 'four');
    expect(await read(at('small'), 4)).toBe('four');
    await expect(read(at('small'), 3)).rejects.toMatchObject({ code: 'EFBIG' });
    await expect(read('/proc/self/status', 3)).rejects.toMatchObject({ code: 'EFBIG' });
  });
});

it('what a shell hands over is read to its end', () => {
  const program = `import { readTextFileSync } from './src/core/read-file.ts';
    process.stdout.write(readTextFileSync('/dev/stdin'));`;
  const pipe = 'head -c 200000 /dev/zero | "$@"';
  const args = ['-c', pipe, 'sh', process.execPath, '--input-type=module', '-e', program];
  expect(execFileSync('sh', args, { encoding: 'utf8' })).toHaveLength(200_000);
});
