/**
 * The profile of Linux 6.18, x86-64: the reference. What could be asked of a running 6.18.44 was
 * (scripts/measure-profile.mjs); each file says how its facts were come by, and what it leaves out.
 */
import { checkBtf } from '../../../arguments.ts';
import type { Btf } from '../../../btf/index.ts';
import type { IteratorRow } from '../function-rules.ts';
import { createProfile, type ProfileTables } from '../profile.ts';
import type { KernelProfile } from '../types.ts';
import { errorArguments, nullableArguments, structOps } from './context-arguments.ts';
import { contextNames } from './context-names.ts';
import { contextStructs, contexts } from './contexts.ts';
import { mapTypesElsewhere, withoutLockdown } from './elsewhere.ts';
import { helperAvailability } from './helper-availability.ts';
import { helperPrototype } from './helpers.ts';
import { iteratorTargets } from './iterator-targets.ts';
import { kfuncAllowed, kfuncs } from './kfuncs.ts';
import { booleanHooks, disabledHooks, sleepableHooks, untrustedHooks } from './lsm-hooks.ts';
import { mapTypesOfHelpers, refusedFields, refusedTypes, sleepableMapTypes, sleepableRefusal } from './map-rules.ts';
import { loadable, programRules } from './program-types.ts';
import { errorsElsewhere, nullableElsewhere } from './tracepoints-elsewhere.ts';
import { trampolineHelpers, trampolineLoadable, trampolineRules } from './trampolines.ts';

export interface Linux618Options {
  /**
   * What lockdown leaves to programs. `integrity` is what machines with secure boot have, and hides
   * bpf_probe_write_user(). Default `integrity`, under which nothing loads that does not load without.
   */
  readonly lockdown?: 'none' | 'integrity';
  /** Whether the kernel was built with CONFIG_KALLSYMS_ALL. Default `functions`: it was not. */
  readonly symbols?: 'functions' | 'all';
  /** How many CPUs the machine can have, if that is known. */
  readonly possibleCpus?: number;
  /** Iterator targets beside Linux's own. */
  readonly iteratorTargets?: readonly IteratorRow[];
}

/** @param btf of a Linux 6.18: `/sys/kernel/btf/vmlinux` there */
export function linux618(
  btf: Btf,
  { lockdown = 'integrity', symbols = 'functions', possibleCpus, iteratorTargets: more = [] }: Linux618Options = {},
): KernelProfile {
  checkBtf('linux618()', btf);
  const helpers = [...helperAvailability, ...trampolineHelpers, ...(lockdown === 'none' ? withoutLockdown : [])];
  const functions = { ...tables.functions, iteratorTargets: [...iteratorTargets, ...more] };
  return createProfile(
    { ...tables, functions, helperAvailability: helpers, symbols, ...(possibleCpus !== undefined && { possibleCpus }) },
    btf,
  );
}

const tables: Omit<ProfileTables, 'helperAvailability' | 'symbols'> = {
  name: 'linux-6.18',
  helper: helperPrototype,
  kfuncs,
  kfuncAllowed,
  contexts,
  contextStructs,
  contextNames,
  programRules: [...programRules, ...trampolineRules],
  loadable: [...loadable, ...trampolineLoadable],
  functions: {
    iteratorTargets,
    nullable: [nullableArguments, nullableElsewhere],
    errors: [errorArguments, errorsElsewhere],
    structOps,
    untrustedHooks,
    booleanHooks,
    sleepableHooks,
    disabledHooks,
  },
  maps: {
    helpers: [mapTypesOfHelpers, mapTypesElsewhere],
    refusedTypes,
    sleepableTypes: sleepableMapTypes,
    sleepableRefusal,
    refusedFields,
  },
};
