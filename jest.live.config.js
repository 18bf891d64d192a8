import config from './jest.config.js';

/**
 * What `npm run test:live` asks OpenAI itself.
 *
 * @type {import('jest').Config}
 */
export default {
  ...config,
  testMatch: ['<rootDir>/test/live/*.live.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // One after the other, and none after a failure: every call costs money.
  maxWorkers: 1,
  bail: 1,
  verbose: true,
  testTimeout: 300_000,
};
