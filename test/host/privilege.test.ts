import { afterEach, expect, test, vi } from 'vitest';
import { FEATURES, versionHasFeature } from '../../src/object/index.ts';
import { asNobody, canBecomeNobody, describeOnHost } from './permitted.ts';

/** Loaded anew for each test: what a process may do is found out once and kept. */
async function room() {
  vi.resetModules();
  return {
    ...(await import('../../src/host/index.ts')),
    ...(await import('../../src/host/ids.ts')),
    ...(await import('../../src/host/kernel-version.ts')),
  };
}

afterEach(() => {
  vi.resetModules();
});

describeOnHost('a kernel that may be used', () => {
  test('is opened', async () => {
    const { openHostKernel } = await room();
    using kernel = openHostKernel();
    expect(kernel.kind).toBe('host');
    expect(kernel.target.pageSize).toBeGreaterThanOrEqual(4096);
    expect(kernel.target.possibleCpus()).toBeGreaterThan(0);
  });

  // Those that depend on nothing but the version; the others can be configured away.
  const certain = [...FEATURES.keys()].filter((name) => /^(btf|prog-|global-data|array-mmap|memcg|ldimm64)/.test(name));

  test.each(certain)('has the feature %s if its version does', async (name) => {
    const { hostSupports, upstreamVersion } = await room();
    const expected = versionHasFeature(upstreamVersion(), name);
    // A distribution may have carried it back, so only one direction is certain.
    if (expected) expect(hostSupports(name)).toBe(true);
    else expect(typeof hostSupports(name)).toBe('boolean');
  });

  test('is asked for a feature once a process', async () => {
    const { hostSupports, kernelFeatures } = await room();
    expect(kernelFeatures.map((feature) => feature.name).sort()).toEqual([...FEATURES.keys()].sort());
    const feature = kernelFeatures.find(({ name }) => name === 'btf');
    expect(hostSupports('btf')).toBe(feature?.probe());
  });
});

test.skipIf(!canBecomeNobody)(
  'without privilege, the kernel is not opened, and the error says what is needed',
  async () => {
    const { bpfPermitted, openHostKernel, objectIds, openIfThere } = await room();
    asNobody(() => {
      expect(bpfPermitted()).toEqual({
        ok: false,
        code: 'not-permitted',
        reason: expect.stringContaining('EPERM (Operation not permitted): it needs root, or CAP_BPF and CAP_PERFMON'),
      });
      expect(() => openHostKernel()).toThrow(expect.objectContaining({ code: 'not-permitted' }));
      expect(() => [...objectIds('map')]).toThrow(
        "cannot list the kernel's maps: it needs root or CAP_SYS_ADMIN (EPERM)",
      );
      expect(() => openIfThere('prog', 1)).toThrow(expect.objectContaining({ code: 'not-permitted', errno: 1 }));
    });
  },
);
