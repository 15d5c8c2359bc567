/** What the arguments of one kfunc call tell that its effects need. After struct bpf_kfunc_call_arg_meta. */
import type { SpecialField } from '../fields.ts';
import type { Kfunc } from './prototype.ts';

export class KfuncCall {
  readonly kfunc: Kfunc;
  /** Reference that an argument holds, 0 if none does. */
  referenceId = 0;
  /** Register whose reference is released, 0 if none is. */
  releaseRegister = 0;
  hasConstant = false;
  constantLo = 0;
  constantHi = 0;
  /** Bytes behind the returned pointer, 0 if the type tells. */
  returnSize = 0;
  returnReadOnly = false;
  hasProg = false;
  /** BTF type of an allocated object that was passed. */
  argBtf = 0;
  argBtfId = 0;
  argIsOwning = false;
  /** Kernel's struct of the context, for a cast to it. */
  contextId = 0;
  /** Function that is to be called back. */
  subprogram = 0;
  /** Index, -1 if no argument is of a map. */
  map = -1;
  mapUid = 0;
  /** The field of the list head or tree root that was passed. */
  root: SpecialField | undefined;
  dynptrId = 0;
  /** DYNPTR_TYPE_* */
  dynptrKind = 0;
  dynptrReferenceId = 0;
  iterFrame = 0;
  iterSlot = 0;

  constructor(kfunc: Kfunc) {
    this.kfunc = kfunc;
  }
}
