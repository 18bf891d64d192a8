/**
 * `npm run test:recordings -- DIR`: reads every recording of an answer below DIR twice, once as the
 * sidecar does and once by the small fold in `recordings/fold.ts`, and compares text, reasoning,
 * refusal, tool calls, finish and usage. Prints what differs, file by file, and last
 * `N the same, M different`; exits 1 if any differ.
 *
 * Recordings are cassettes of VCR.py and of VCR (YAML or JSON), event streams (`.sse`, `.txt`), the data of one
 * (`.chunks.txt`, a JSON a line), and bodies (`.json`), as SDKs and gateways keep them for their tests.
 * None are kept here: clone a repository beside this one.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Folded, foldRecording } from './recordings/fold.ts';
import { readAnswer } from './recordings/read-answer.ts';
import { recordingsOf } from './recordings/recordings.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined || !statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
  console.error('Usage: npm run test:recordings -- DIR');
  process.exit(2);
}

let same = 0;
let different = 0;
let others = 0;
for (const file of filesBelow(directory)) {
  const recordings = recordingsOf(file, readFileSync(file, 'utf8'));
  if (recordings.length === 0) others += 1;
  for (const [i, recording] of recordings.entries()) {
    const actual = readAnswer(recording);
    const expected = withIdsOf(actual, foldRecording(recording));
    if (isDeepStrictEqual(actual, expected)) {
      same += 1;
      continue;
    }
    different += 1;
    console.log(`${relative(directory, file)}${recordings.length > 1 ? ` #${i + 1}` : ''}`);
    for (const [name, value] of Object.entries({ ...expected, ...actual })) {
      const folded = expected[name as keyof typeof expected];
      if (isDeepStrictEqual(value, folded)) continue;
      console.log(`  ${name}: ${short(value)}, folded ${short(folded)}`);
    }
  }
}
console.log(`${others} files hold no answer`);
console.log(`${same} the same, ${different} different`);
process.exitCode = different === 0 ? 0 : 1;

/** Calls that have no id are given one here: any is right. */
function withIdsOf(actual: ReturnType<typeof readAnswer>, expected: Folded): Folded {
  if (!('calls' in actual)) return expected;
  const calls = expected.calls.map((call, i) => ({
    ...call,
    id: call.id || (actual.calls[i]?.id ?? ''),
  }));
  return { ...expected, calls };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ya?ml|json|sse|txt)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length <= 160 ? text : `${text.slice(0, 80)} … ${text.slice(-70)}`;
}
