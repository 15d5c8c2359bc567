/**
 * The host kernel: the running Linux through bpf(2). Importing this costs nothing; koffi, through which system calls
 * are made, is loaded by the first call.
 */
export { checkPinPath, DEFAULT_BPFFS, isOnBpffs, mountBpffs, unmountBpffs, unpin } from './bpffs.ts';
export { hostSupports, type KernelFeature, kernelFeatures } from './features.ts';
export { HostKernel, openHostKernel } from './kernel.ts';
export { kernelBtf } from './kernel-btf.ts';
export { loadedBtf, loadedLinks, loadedMaps, loadedPrograms, type ProgramInfo } from './listing.ts';
export { type BpfPermission, bpfPermitted } from './privilege.ts';
export { HostTarget } from './target.ts';
export { probeTarget } from './target-probe.ts';
export { hostUsable } from './usable.ts';
