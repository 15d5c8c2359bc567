import { defineConfig } from 'vitest/config';

/** Tests of what computes only: side by side. The others look at one system, and come after them, one by one. */
const COMPUTING = 'test/{btf,conformance,elf,isa,jit,object,records,uapi,verifier}/**/*.test.ts';

export default defineConfig({
  test: {
    globalSetup: 'test/scratch.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'computing', include: [COMPUTING], maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: [COMPUTING],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
