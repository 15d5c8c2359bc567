/** The iterator targets of the embedded kernel, one file each. */
import type { IterTargetDefinition } from '../iter/target.ts';
import { bpfMapElemTarget } from './bpf-map-elem.ts';
import { bpfObjectTargets } from './bpf-objects.ts';
import { bpfSkStorageMapTarget } from './bpf-sk-storage-map.ts';
import { cgroupTarget } from './cgroup.ts';
import type { TargetEnvironment } from './environment.ts';
import { ksymTarget } from './ksym.ts';
import { listTargets } from './listed-objects.ts';
import { sockmapTarget } from './sockmap.ts';
import { taskTarget } from './task.ts';
import { taskFileTarget } from './task-file.ts';
import { taskVmaTarget } from './task-vma.ts';

export type { TargetEnvironment } from './environment.ts';
export { type UserArgument, type UserTarget, userTarget, userTargetPart, userTargetRow } from './user-target.ts';

export const targetsOf = (env: TargetEnvironment): readonly IterTargetDefinition[] => [
  taskTarget(env),
  taskFileTarget(env),
  taskVmaTarget(env),
  ...bpfObjectTargets(env),
  bpfMapElemTarget(env),
  bpfSkStorageMapTarget(env),
  sockmapTarget(env),
  cgroupTarget(env),
  ksymTarget(env),
  ...listTargets(env),
];
