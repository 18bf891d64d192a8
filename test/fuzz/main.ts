/**
 * Looks for requests that are neither answered nor refused before OpenAI is asked, and lists every
 * kind of them with its shortest example: `npm run test:long -- fuzz --runs 10000 --seed 1`. With
 * `--drop` the provider leaves out what a model rejects and redirects from what was shut down, with
 * `--surface` it prefers that one.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import type { Surface } from '../../src/core/model.ts';
import { startFuzzedProvider } from './fuzzed-provider.ts';
import { anyRequest } from './requests.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    drop: { type: 'boolean', default: false },
    surface: { type: 'string' },
  },
});

interface Kind {
  count: number;
  example: string;
}

/** What a defect has in common with others of its kind. */
function firstLine(thrown: unknown): string {
  const [line = ''] = String(thrown).split('\n');
  const bare = line.replaceAll(/'[^']*'/g, "'…'").replaceAll(/call_\w+/g, 'call_…');
  return bare.replaceAll(/\d+/g, 'N').slice(0, 200);
}

function note(kinds: Map<string, Kind>, kind: string, example: string): void {
  const known = kinds.get(kind) ?? { count: 0, example };
  known.count += 1;
  if (example.length < known.example.length) known.example = example;
  kinds.set(kind, known);
}

const provider = await startFuzzedProvider({
  dropUnsupported: values.drop,
  ...(values.drop && { resolve: { shutDownModels: 'redirect' } }),
  ...(values.surface && { surface: values.surface as Surface }),
});
const verdicts = new Map<string, Kind>();
const defects = new Map<string, Kind>();
const began = performance.now();
for (const request of fc.sample(anyRequest, {
  numRuns: Number(values.runs),
  seed: Number(values.seed),
})) {
  try {
    note(verdicts, await provider.judge(request), '');
  } catch (defect) {
    note(defects, firstLine(defect), `${defect}\n${fc.stringify(request)}`);
  }
}
await provider.close();

const seconds = ((performance.now() - began) / 1000).toFixed(1);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
print(`${values.runs} requests, seed ${values.seed}, ${seconds} s`);
for (const [verdict, { count }] of verdicts) print(`${verdict}: ${count}`);
for (const [kind, { count, example }] of defects)
  print(`\nDEFECT ${count} times: ${kind}\n${example}`);
process.exitCode = defects.size === 0 ? 0 : 1;
