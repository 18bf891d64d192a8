/**
 * `npm run test:live`: asks OpenAI itself, over both APIs, with agents of every kind. A budget of 0.10
 * dollars stops it; the cost is printed at the end. Needs OPENAI_API_KEY and nothing else; OPENAI_BASE_URL
 * names another upstream that is to behave like OpenAI.
 */
import { spawnSync } from 'node:child_process';

if (!process.env.OPENAI_API_KEY) {
  console.log(
    'test:live: nothing was tested, OPENAI_API_KEY is missing (it spends at most 0.10 dollars)',
  );
} else {
  const args = ['--config', 'jest.live.config.js', ...process.argv.slice(2)];
  const { status } = spawnSync('jest', args, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
