/**
 * `npm run story`: runs every command that docs/story-2.3.md names, in its order, each once, and prints
 * whether it passed and how long it took; what failed shows its output. Exits 1 if one failed. An
 * argument runs only the commands with that word in them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const COMMAND = /`((?:npx jest|npm run|scripts\/)[^`]*)`/g;

/** What walks this page, or writes what is checked elsewhere. */
const NOT_HERE = ['npm run story', 'npm run generate', 'npm run check'];
const OUTPUT_BYTES = 64 * 2 ** 20;

const [word = ''] = process.argv.slice(2);
const page = readFileSync('docs/story-2.3.md', 'utf8');
const commands = new Set([...page.matchAll(COMMAND)].map(([, command = '']) => command));
let passed = 0;
let failed = 0;
for (const command of commands) {
  if (!command.includes(word) || NOT_HERE.some((one) => command.startsWith(one))) continue;
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(command, {
    shell: true,
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES,
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(5);
  console.log(`${status === 0 ? 'PASS' : 'FAIL'}  ${seconds} s  ${command}`);
  if (status === 0) passed += 1;
  else {
    failed += 1;
    console.log(`${stdout}\n${stderr}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
