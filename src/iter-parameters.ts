/**
 * Which iterator targets take which parameter of `union bpf_iter_link_info`. The kernel ignores a parameter that a
 * target does not take, so a caller who passes one would get an unfiltered answer without a word; attaching checks
 * against the table of targets instead. Source: their attach_target functions (facts/iterators.md 1.2-1.5).
 */
import { BpfiterError } from './errors.ts';
import type { IterParameters } from './kernel.ts';
import { iterTargets } from './uapi/index.ts';

export type ParameterKind = keyof IterParameters;

const parameterOfTarget: ReadonlyMap<string, ParameterKind | undefined> = new Map(
  iterTargets.map(({ name, parameter }) => [name, parameter]),
);

const EBADF = 9;
const EINVAL = 22;
const ESRCH = 3;

/** Parameters that their targets cannot be attached without, and what the kernel answers then. */
const required: ReadonlyMap<ParameterKind, number> = new Map([
  ['map', EBADF],
  ['cgroup', EINVAL],
]);

/** The parameter that a target takes, or undefined if it takes none (or is not known here). */
export function parameterOf(target: string): ParameterKind | undefined {
  return parameterOfTarget.get(target);
}

/**
 * @param target name without prefix: `task`, `bpf_map_elem`
 * @param taken the parameter that it takes, where the target is none of Linux's
 * @throws BpfiterError `usage` if a parameter is given that the target does not take, two are given, or one is missing
 */
export function checkParameters(target: string, parameters: IterParameters, taken = parameterOf(target)): void {
  checkNames('iterators take', parameters, ['map', 'task', 'cgroup']);
  const given = (['map', 'task', 'cgroup'] as const).filter((kind) => parameters[kind] !== undefined);
  const wrong = given.find((kind) => kind !== taken);
  if (wrong !== undefined) {
    const takes = taken === undefined ? 'it takes no parameter' : `it takes '${taken}'`;
    throw new BpfiterError('usage', `iter/${target} does not take the parameter '${wrong}'; ${takes}`);
  }
  const errno = taken === undefined ? undefined : required.get(taken);
  if (errno !== undefined && given.length === 0) {
    throw new BpfiterError('usage', `iter/${target} needs the parameter '${taken}'`, { errno });
  }
  const { task, cgroup } = parameters;
  if (task !== undefined) {
    checkNames("the parameter 'task' takes", task, ['tid', 'pid', 'pidFd']);
    const selectors = (['tid', 'pid', 'pidFd'] as const).filter((key) => task[key] !== undefined);
    if (selectors.length > 1) {
      throw new BpfiterError('usage', `task takes one of tid, pid and pidFd, not ${selectors.join(' and ')}`);
    }
  }
  if (cgroup !== undefined) {
    checkNames("the parameter 'cgroup' takes", cgroup, ['path', 'fd', 'id', 'order']);
    const selectors = (['path', 'fd', 'id'] as const).filter((key) => cgroup[key] !== undefined);
    if (selectors.length > 1) {
      throw new BpfiterError('usage', `cgroup takes one of path, fd and id, not ${selectors.join(' and ')}`);
    }
  }
}

/** Types tell this those who use them; others would silently get objects that they did not ask for. */
function checkNames(who: string, given: object, names: readonly string[]): void {
  if (typeof given !== 'object' || given === null) {
    throw new BpfiterError('usage', `${who} an object with ${names.join(', ')}, not ${String(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new BpfiterError('usage', `${who} ${names.join(', ')}, not '${unknown}'`);
}

/**
 * The number in a line `Pid:` of /proc/self/fdinfo, as that of a process to choose. The kernel attaches to any pidfd;
 * one whose process is gone, or has no number here, would silently give no output.
 * @throws BpfiterError `not-found`
 */
export function checkPidOfDescriptor(pidFd: number, pid: number): void {
  if (pid > 0) return;
  const why = pid < 0 ? 'is gone' : 'is of a pid namespace that is not seen from here';
  throw new BpfiterError('not-found', `the process of pidfd ${pidFd} ${why}`, { errno: ESRCH });
}
