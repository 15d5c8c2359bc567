/**
 * What is learnt of a helper call while its arguments are checked, for later arguments and for the result.
 * After struct bpf_call_arg_meta of kernel/bpf/verifier.c.
 */
import type { SpecialField } from '../fields.ts';
import type { MemoryNotes } from '../memory/index.ts';
import type { Helper } from './prototype.ts';

export const NO_MAP = -1;
/** The key of a map access is not known. */
export const NO_KEY = -1;

export class HelperCall implements MemoryNotes {
  readonly helper: Helper;
  readonly id: number;
  /** `bpf_` and the name. */
  readonly name: string;
  /** Whether packet pointers may be passed as memory. */
  readonly packetAccess: boolean;
  rawMode = false;
  rawRegister = 0;
  rawSize = 0;
  sizeMaxLo = 0;
  sizeMaxHi = 0;
  /** Index of the map that was passed, or that a timer or kptr lies in; NO_MAP if none. */
  map = NO_MAP;
  mapUid = 0;
  /** Constant key of an array, NO_KEY if it may be any. */
  key = 0;
  /** Register of the argument that the call releases, 0 if none. */
  releaseRegister = 0;
  /** Reference of an argument, 0 if none has one. */
  referenceId = 0;
  dynptrId = 0;
  /** Callback. */
  subprogram = 0;
  /** Constant size of what is reserved or sliced. */
  memorySize = 0;
  /** Type behind a per-CPU pointer. */
  resultBtf = 0;
  resultBtfId = 0;
  kptr: SpecialField | undefined;

  constructor(helper: Helper) {
    this.helper = helper;
    this.id = helper.prototype.id;
    this.name = helper.prototype.name;
    this.packetAccess = helper.prototype.packetAccess;
  }
}
