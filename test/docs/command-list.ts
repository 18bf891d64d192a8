/** Who runs the commands of a page that fit. A file: it reads them there. */
interface Row {
  readonly page: string;
  readonly fits: RegExp;
  readonly runBy?: string;
  /** Why nobody runs them here. */
  readonly notRun?: string;
}

const HERE = 'test/docs/commands.long.test.ts';
const NO_CLUSTER = 'there is no cluster; test/deploy renders and runs what is applied';
const NO_ENGINE =
  'there is no container engine; scripts/check-image.sh follows the Dockerfile without one';
const MEASURES = 'it measures, for minutes and on a quiet machine; that it exists is tested';

/** The first that fits counts. */
export const ROWS: readonly Row[] = [
  { page: 'README.md', fits: /^npm ci && npm (test|run demo)$/, runBy: '.ci/run' },
  { page: 'README.md', fits: /npm start$/, runBy: HERE },
  { page: 'README.md', fits: /^grpcurl /, runBy: 'scripts/check-clients.sh' },
  { page: 'docs/cli.md', fits: /^tamma-provider-openai /, runBy: 'test/docs/cli.test.ts' },
  { page: 'docs/clients.md', fits: /^(python|protoc|buf) /, runBy: 'scripts/check-clients.sh' },
  { page: 'docs/clients/grpcurl.md', fits: /^grpcurl /, runBy: 'scripts/check-clients.sh' },
  { page: 'docs/clients/grpcurl.md', fits: /^kubectl /, notRun: NO_CLUSTER },
  { page: 'docs/clients/*.md', fits: /./, runBy: 'scripts/check-examples.sh' },
  {
    page: 'docs/data.md',
    fits: / \| --project ID /,
    notRun: 'it is a synopsis; docs/cli.md has one to run',
  },
  { page: 'docs/deploy.md', fits: /^docker /, notRun: NO_ENGINE },
  { page: 'docs/deploy.md', fits: /^kubectl /, notRun: NO_CLUSTER },
  { page: 'docs/ledger.md', fits: /./, runBy: HERE },
  { page: 'docs/operations.md', fits: /^grpcurl /, runBy: 'scripts/check-clients.sh' },
  { page: 'docs/operations.md', fits: /^kubectl /, notRun: NO_CLUSTER },
  { page: 'docs/operations.md', fits: /^(curl|npm|promtool) /, runBy: HERE },
  { page: 'docs/performance.md', fits: /^(apt-get|npm|python3) /, notRun: MEASURES },
  { page: 'docs/selection.md', fits: /^node /, runBy: HERE },
  { page: 'docs/testing.md', fits: /simulate|serve$/, runBy: HERE },
  { page: 'docs/testing.md', fits: /./, runBy: 'scripts/check-examples.sh' },
];

/** @param page of the command */
export function rowOf(page: string, command: string): Row | undefined {
  const isIn = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`).test(page);
  return ROWS.find((row) => isIn(row.page) && row.fits.test(command));
}
