/** Fails if generating again changes a committed file: somebody edited one without the other. */
import { execFileSync, spawnSync } from 'node:child_process';

const generated = [
  'src/gen',
  'config.schema.json',
  'models.schema.json',
  'simulator.schema.json',
  'docs/configuration.md',
  'docs/models.md',
  'docs/compatibility.md',
  'docs/dependencies.md',
  'docs/metrics.md',
  'deploy/grafana',
  'deploy/kubernetes',
  'deploy/prometheus',
  'docs/2-3-openai-provider-implementation.context.xml',
];

function state(): string {
  return execFileSync('git', ['status', '--porcelain', '--', ...generated], { encoding: 'utf8' });
}

const before = state();
const { status } = spawnSync('npm', ['run', '--silent', 'generate'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
const after = state();
if (after !== before || (process.env.CI !== undefined && after !== '')) {
  console.error(`generated files are stale; run "npm run generate" and commit:\n${after}`);
  process.exit(1);
}
