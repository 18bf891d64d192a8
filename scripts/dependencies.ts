/** What is known of the packages that run in the sidecar: why each is there, and what it may do. */

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Of a direct dependency: why it is there, and what it does beyond computing. */
type Purpose = readonly [why: string, does: string];

const OTEL = 'connects to the collector, if OTEL_* names one';

const PURPOSES: Readonly<Record<string, Purpose>> = {
  '@bufbuild/protobuf': ['encodes and decodes the contract, in generated code', 'nothing'],
  '@grpc/grpc-js': ['the gRPC server', 'listens where `listen` says'],
  '@opentelemetry/api': ['the interface of spans and metrics', 'nothing'],
  '@opentelemetry/core': ['trace context of W3C', 'nothing'],
  '@opentelemetry/exporter-metrics-otlp-grpc': ['metrics over OTLP', OTEL],
  '@opentelemetry/exporter-metrics-otlp-http': ['metrics over OTLP', OTEL],
  '@opentelemetry/exporter-metrics-otlp-proto': ['metrics over OTLP', OTEL],
  '@opentelemetry/exporter-prometheus': ['/metrics', 'nothing: the admin server serves it'],
  '@opentelemetry/resources': ['names the process in telemetry', 'reads the host name'],
  '@opentelemetry/sdk-metrics': ['counts', 'nothing'],
  '@opentelemetry/sdk-node': ['starts telemetry as OTEL_* says', OTEL],
  '@opentelemetry/sdk-trace': ['spans', 'nothing'],
  '@redis/client': ['the shared store', 'connects to the server of `redis`, with `store: redis`'],
  ajv: [
    'checks JSON Schemas of callers',
    'compiles the schema of schemas to a function: `new Function`',
  ],
  commander: ['reads the command line and prints its help', 'nothing'],
  'gpt-tokenizer': ['counts tokens', 'nothing'],
  jose: ['verifies JWTs of callers', 'nothing: keys are fetched by our own code'],
  'lru-cache': ['bounds the caches', 'nothing'],
  openai: [
    "makes URLs, headers and authentication as OpenAI's servers want them",
    'nothing: undici sends',
  ],
  opossum: ['circuit breaker', 'nothing'],
  pino: ['makes lines of the log', 'writes to standard error'],
  undici: ['HTTP to the upstream', 'connects to the upstreams of the configuration'],
  yaml: ['reads the configuration', 'nothing'],
  zod: ['checks the configuration', 'nothing'],
};

/** They ask for the notice to be kept, and for nothing else. */
const LICENCES = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
];

/** A sentence for each thing that is wrong with what the lock file has. */
export function dependencyProblems(manifest: Manifest, lock: Lock): readonly string[] {
  const direct = Object.keys(manifest.dependencies);
  return [
    ...direct.flatMap((name) => (name in PURPOSES ? [] : [`${name} has no purpose`])),
    ...Object.keys(PURPOSES).flatMap((name) =>
      direct.includes(name) ? [] : [`${name} has a purpose, and is no dependency`],
    ),
    ...Object.entries(lock.packages).flatMap(([path, locked]) =>
      path === '' ? [] : packageProblems(nameOf(path), locked, manifest),
    ),
  ];
}

function packageProblems(
  name: string,
  { dev, optional, integrity, resolved, license, hasInstallScript }: LockedPackage,
  { allowScripts }: Manifest,
): readonly string[] {
  const problems: string[] = [];
  // Of other platforms' packages the registry that was asked may know nothing; they are no part of the sidecar.
  if (!integrity?.startsWith('sha512-') && !(dev && optional)) problems.push('has no SHA-512');
  // `.npmrc` has npm write none for what is the registry's, whichever that is.
  if (resolved !== undefined) problems.push('comes from a place of its own');
  if (!dev && !isAllowed(license)) problems.push(`has the licence ${license ?? 'nobody knows'}`);
  if (hasInstallScript && !(name in allowScripts)) problems.push('has an install script');
  return problems.map((problem) => `${name} ${problem}`);
}

/** Every one of those that are joined by AND, one of those that are joined by OR. */
function isAllowed(licence = ''): boolean {
  const plain = licence.replaceAll(/[()]/g, '');
  return plain
    .split(' OR ')
    .some((one) => one.split(' AND ').every((part) => LICENCES.includes(part)));
}

/** docs/dependencies.md. */
export function dependenciesDoc(manifest: Manifest, lock: Lock): string {
  const rows = Object.keys(manifest.dependencies).map((name) => {
    const { version, license } = lock.packages[`node_modules/${name}`] ?? {};
    const [why, does] = PURPOSES[name] ?? ['', ''];
    return `| ${name} | ${version} | ${license} | ${why} | ${does} |`;
  });
  const others = Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && !dev && !(nameOf(path) in manifest.dependencies))
    .map(([path, { version, license }]) => `${nameOf(path)} ${version} (${license})`)
    .sort();
  return `# Dependencies

What runs in the sidecar beside Node.js. \`npm run generate\` writes this page from \`package-lock.json\` and
\`scripts/dependencies.ts\`.

| package | version | licence | why | what it does to the outside |
|---|---|---|---|---|
${rows.join('\n')}

They bring ${others.length} more: ${others.join(', ')}.

None of them has an install script that is run: \`allowScripts\` in \`package.json\` says no to the one there is.

## What is checked

\`npm run check\` fails unless every package is locked with its SHA-512, which \`npm ci\` holds it to, names no place
of its own to come from beside the registry, has one of the licences ${LICENCES.join(', ')}, and has no install script that \`allowScripts\` does not
name; and unless each direct dependency has its row above. What is used for building and testing alone is held to
the same but the licence; packages of other platforms may lack the SHA-512, and are not installed.

Known vulnerabilities are **not** checked here: \`npm audit\` needs a registry that answers it, which mirrors often do not.
Where yours does, run it in CI: \`npm audit --omit=dev\`.
`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
