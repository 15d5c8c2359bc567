/**
 * Which iterator targets take which parameter of `union bpf_iter_link_info`. The kernel ignores a parameter that a
 * target does not take, so a caller who passes one would get an unfiltered answer without a word; attaching checks
 * against the table of targets instead. Source: their attach_target functions (facts/iterators.md 1.2-1.5).
 */
import { checkObject, describeValue, wrongArgument } from './arguments.ts';
import { BpfiterError } from './errors.ts';
import type { IterParameters, KernelMap, MapSelector } from './kernel.ts';
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
  const { map, task, cgroup } = parameters;
  if (map !== undefined && !isMap(map)) checkMapSelector("the parameter 'map'", map);
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
    throw new BpfiterError('usage', `${who} an object with ${names.join(', ')}, not ${describeValue(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new BpfiterError('usage', `${who} ${names.join(', ')}, not '${unknown}'`);
}

/** The kernel takes the lower 32 bits of any number; 0 of them are no number to it. */
const MAX_TASK_NUMBER = 0x7fffffff;

/** @throws BpfiterError `usage` for what is no number of a thread or process */
export function checkTaskNumber(id: number, noun: string): void {
  if (Number.isInteger(id) && id > 0 && id <= MAX_TASK_NUMBER) return;
  throw new BpfiterError('usage', `${describeValue(id)} is no number of a ${noun}`);
}

const isMap = (value: unknown): value is KernelMap => typeof value === 'object' && value !== null && 'lookup' in value;

/** @throws BpfiterError `usage` unless it is a map of a kernel, as far as can be seen from here */
export function checkMap(call: string, given: unknown): void {
  checkObject(call, 'a map of a kernel: loaded.map(name) or kernel.openMap()', given, ['lookup', 'type']);
}

/** @throws BpfiterError `usage` unless it is a program of a kernel, as far as can be seen from here */
export function checkProgram(call: string, given: unknown): void {
  checkObject(call, 'a program: loaded.program(name)', given, ['name']);
}

/** By what maps and links are found in a kernel, and the type of each. */
const SELECTORS = { fd: 'number', id: 'number', pinned: 'string', name: 'string' } as const;

/** @throws BpfiterError `usage` unless it is one way to find a map, and one alone */
export function checkMapSelector(call: string, selector: MapSelector): void {
  checkSelector(call, 'a map, or one of { fd }, { id }, { pinned } and { name }', selector, Object.keys(SELECTORS));
}

/** @throws BpfiterError `usage` unless it is one way to find a link, and one alone */
export function checkLinkSelector(call: string, selector: object): void {
  checkSelector(call, 'one of { id } and { pinned }', selector, ['id', 'pinned']);
}

function checkSelector(call: string, takes: string, selector: object, names: readonly string[]): void {
  checkObject(call, takes, selector);
  const given = Object.entries(selector).filter(([, value]) => value !== undefined);
  const [name = '', value] = given[0] ?? [];
  if (given.length !== 1 || !names.includes(name)) {
    const what = given.map(([key]) => `'${key}'`).join(' and ') || 'an object without any';
    throw new BpfiterError('usage', `${call} takes ${takes}, not ${what}`);
  }
  const type = SELECTORS[name as keyof typeof SELECTORS]; // one of `names`
  if (typeof value !== type) throw wrongArgument(`'${name}' of ${call}`, `a ${type}`, value);
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
