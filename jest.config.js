const { randomInt } = require('node:crypto');

// Drawn here, once, so that all test files of a run share it: see test/seed.ts.
if (process.env.KEELSON_SEED === 'random') process.env.KEELSON_SEED = String(randomInt(2 ** 31));

/** Tiers: unit needs nothing; workflow a Temporal CLI; hosts and e2e root and podman. */
const base = {
  setupFiles: ['<rootDir>/test/seed.ts'],
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }] },
  // Imports at run time bear the name of the compiled file.
  moduleNameMapper: { '^(\\./(?:commands/)?[a-z-]+)\\.js$': '$1' },
  roots: ['<rootDir>/test'],
};
const tier = (displayName, match, extra = {}) => ({ ...base, displayName, testMatch: match, ...extra });

module.exports = {
  testTimeout: 30_000,
  // A process that has run many files keeps what they loaded, until it has no memory left in the middle of one.
  workerIdleMemoryLimit: '1GB',
  projects: [
    tier('unit', ['<rootDir>/test/{domain,activities,client,home,workflows,testing}/**/*.test.ts', '<rootDir>/test/*.test.ts']),
    tier('workflow', ['<rootDir>/test/temporal/**/*.test.ts']),
    tier('fleet', ['<rootDir>/test/fleet/**/*.test.ts']),
    tier('hosts', ['<rootDir>/test/hosts/**/*.test.ts']),
    tier('e2e', ['<rootDir>/test/e2e/**/*.test.ts']),
  ],
};
