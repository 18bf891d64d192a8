/**
 * `npm run build`: writes to dist
 * - `lib`: the package's library, one module and its types for each of src;
 * - `main.js`, the program as one bundle, with what it loads only when it needs it in chunks, and a
 *   file for each of its threads. It needs no node_modules, and starts in a third of the time, since
 *   Node.js resolves and reads a dozen files instead of 1,200. The source maps lie beside them and are
 *   not referred to: `node --enable-source-maps` would load 25 MB;
 * - `THIRD_PARTY_LICENSES.txt`: of every package in the bundle, and `sbom.cdx.json`, a CycloneDX list of them.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

/** Each becomes `dist/NAME.js`, where what starts the thread looks for it. */
const ENTRIES = {
  main: 'src/main.ts',
  'store-worker': 'src/money/store-thread/store-worker.ts',
  'token-worker': 'src/request/tokens/token-worker.ts',
};

/** CommonJS packages ask for Node's modules by `require`, which ES modules do not have. */
const BANNER = `const require = process.getBuiltinModule('module').createRequire(import.meta.url);`;

/**
 * Node's own modules as objects. An `import` of one reads all that it exports, and some are made when
 * they are read: the fetch and WebSocket of node:http, 75 ms, the standard input of node:process, 15 ms.
 */
const builtinsAsObjects: Plugin = {
  name: 'builtins-as-objects',
  setup({ onResolve, onLoad }) {
    const isBuiltin = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
    onResolve({ filter: /.*/ }, ({ path, kind }) =>
      kind === 'import-statement' && isBuiltin.has(path)
        ? { path, namespace: 'builtin' }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
  },
};

/**
 * The part of undici that is used, by the names of its entry, which loads mocks, caches, WebSocket and fetch as well, a
 * tenth of a start. A name that is imported and is not here fails the build.
 */
const UNDICI = `
export { default as Agent } from 'undici/lib/dispatcher/agent.js';
export { default as buildConnector } from 'undici/lib/core/connect.js';
export { default as errors } from 'undici/lib/core/errors.js';
`;

const usedPartOfUndici: Plugin = {
  name: 'used-part-of-undici',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$/ }, ({ path }) => ({ path, namespace: 'undici' }));
    onLoad({ filter: /.*/, namespace: 'undici' }, () => ({ contents: UNDICI, resolveDir: '.' }));
  },
};

/** The exporters over gRPC ask for grpc-js by a `require` of their own, which would look for a package beside the program. */
const grpcOfExporters: Plugin = {
  name: 'grpc-of-exporters',
  setup({ onLoad }) {
    onLoad({ filter: /\/otlp-grpc-exporter-base\/dist\/[^/]+\.mjs$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source.replaceAll('__require("@grpc/grpc-js")', 'grpcJs');
      const isSame = contents === source;
      return {
        contents: isSame ? source : `import * as grpcJs from '@grpc/grpc-js';\n${contents}`,
      };
    });
  },
};

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['--project', 'tsconfig.build.json'], { stdio: 'inherit' });
const { metafile } = await build({
  entryPoints: ENTRIES,
  outdir: 'dist',
  // Beside the program, as the files of threads are looked for beside the code that starts them.
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  sourcemap: 'external',
  legalComments: 'none',
  banner: { js: BANNER },
  plugins: [builtinsAsObjects, usedPartOfUndici, grpcOfExporters],
  metafile: true,
});
for (const path of Object.keys(metafile.outputs)) if (path.endsWith('.js')) inAscii(path);
writeFileSync('dist/THIRD_PARTY_LICENSES.txt', licences(metafile));
writeBillOfMaterials(metafile);

/**
 * Writes what esbuild leaves outside of ASCII, in comments and patterns, as escapes, which mean the same there. V8
 * keeps the source it runs, and with one other character it keeps two bytes for each.
 */
function inAscii(path: string): void {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/[^\0-\x7f]/g, escaped));
}

/** What the plugins above make up is no component: it has the form `namespace:path`. */
function writeBillOfMaterials({ inputs, outputs }: Metafile): void {
  const isFile = (path: string) => !/^(builtin|undici):/.test(path);
  const onlyFiles = <T>(list: Record<string, T>) =>
    Object.fromEntries(Object.entries(list).filter(([path]) => isFile(path)));
  for (const input of Object.values(inputs)) {
    input.imports = input.imports.filter(({ path }) => isFile(path));
  }
  for (const output of Object.values(outputs)) output.inputs = onlyFiles(output.inputs);
  const path = 'dist/metafile.json';
  writeFileSync(path, JSON.stringify({ inputs: onlyFiles(inputs), outputs }));
  execFileSync('cyclonedx-esbuild', ['--output-reproducible', '-o', 'dist/sbom.cdx.json', path], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  rmSync(path);
}

/** The licence texts of all packages that are in a bundle. */
function licences({ inputs }: Metafile): string {
  const roots = new Set<string>();
  for (const path of Object.keys(inputs)) {
    const root = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
    if (root !== undefined) roots.add(root);
  }
  return [...roots]
    .sort()
    .map(licenceOf)
    .join(`\n${'-'.repeat(80)}\n`);
}

function licenceOf(root: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const file = readdirSync(root).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file === undefined ? '' : `\n${readFileSync(join(root, file), 'utf8').trim()}\n`;
  return `${name} ${version}: ${license}\n${text}`;
}
