import { defineConfig } from 'vitest/config';

const conformance = {
  globalSetup: ['tests/support/build-node.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  fileParallelism: false,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts', 'tests/unit/**/*.test.tsx'],
          setupFiles: ['tests/support/fixed-chance.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['tests/conformance/**/*.test.ts'],
          ...conformance,
        },
      },
      {
        test: {
          name: 'fuzz',
          include: ['tests/unit/core/formats/fuzz.test.ts'],
          env: { FUZZ_RUNS: '300000' },
          testTimeout: 3_600_000,
        },
      },
      {
        test: {
          name: 'stress',
          include: ['tests/conformance/stress/*.test.ts'],
          env: { STRESS: 'long' },
          ...conformance,
        },
      },
    ],
  },
});
