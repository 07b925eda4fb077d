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
          name: 'stress',
          include: ['tests/conformance/stress/*.test.ts'],
          env: { STRESS: 'long' },
          ...conformance,
        },
      },
    ],
  },
});
