/**
 * Arguments of global functions of the program that are checked as those of a helper are.
 * After btf_check_func_arg_match() of kernel/bpf/verifier.c.
 */
import type { Env } from '../environment.ts';
import { MEM_RCU, PTR_MAYBE_NULL, PTR_TO_BTF_ID, PTR_TRUSTED } from '../register-types.ts';
import { HelperCall } from './call.ts';
import type { Argument } from './prototype.ts';
import { checkArgumentOffset, checkRegisterType } from './register-type.ts';

const ANYTHING: Argument = {
  base: 'anything',
  types: [],
  orNull: false,
  readOnly: false,
  write: false,
  uninit: false,
  aligned: false,
  release: false,
  dynptrKind: 0,
  size: 0,
  btfId: 0,
};

/** A call of no helper. */
const NO_HELPER = new HelperCall({
  prototype: {
    id: 0,
    name: '',
    returns: 'integer',
    returnFlags: [],
    arguments: [],
    gplOnly: false,
    packetAccess: false,
    mightSleep: false,
    fastcall: false,
  },
  arguments: [],
  returnBtfId: 0,
});

/** A pointer to a type of the kernel. @param flags PTR_MAYBE_NULL if NULL is taken */
export function checkBtfArgument(env: Env, regno: number, btfId: number, flags: number): void {
  const argument: Argument = {
    ...ANYTHING,
    base: 'ptr_to_btf_id',
    types: [PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED, PTR_TO_BTF_ID | MEM_RCU],
    orNull: (flags & PTR_MAYBE_NULL) !== 0,
    btfId,
  };
  checkRegisterType(env, NO_HELPER, regno, argument);
  checkArgumentOffset(env, regno, argument);
}

/** The offset of a pointer whatever the argument is; of dynptrs on the stack, any. */
export function checkFunctionArgumentOffset(env: Env, regno: number): void {
  checkArgumentOffset(env, regno, ANYTHING);
}
