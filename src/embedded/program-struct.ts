/**
 * The struct bpf_prog of a program in linear memory, with its bpf_prog_aux: what iter/bpf_prog and pointers from links
 * show to programs.
 */
import { addressOf } from './memory/address.ts';
import type { KernelMemory } from './memory/kernel-memory.ts';
import type { Model } from './model/index.ts';

export interface DescribedProgram {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly expectedAttachType: number;
  /** Instruction slots. */
  readonly length: number;
  /** Function that it is attached to. */
  readonly attachFunction: string | undefined;
  /** Bytes of what it was compiled to. */
  readonly compiledLength: number;
  readonly maps: number;
  readonly verifiedInsns: number;
  readonly tag: Uint8Array;
}

const NAME_LENGTH = 15;

export class ProgramStruct {
  readonly address: number;
  readonly #memory: KernelMemory;
  readonly #aux: number;
  readonly #attachName: number;

  constructor(memory: KernelMemory, model: Model, program: DescribedProgram) {
    const prog = model.layoutOf('bpf_prog');
    const aux = model.layoutOf('bpf_prog_aux');
    const encoder = new TextEncoder();
    this.#memory = memory;
    this.address = memory.allocate(prog.size);
    this.#aux = memory.allocate(aux.size);
    const attachName = program.attachFunction === undefined ? undefined : encoder.encode(program.attachFunction);
    this.#attachName = attachName === undefined ? 0 : memory.allocate(attachName.length + 1);
    const { view, u8 } = memory;
    const at = (name: string) => this.address + prog.field(name).offset;
    const auxAt = (name: string) => this.#aux + aux.field(name).offset;
    view.setUint32(at('type'), program.type, true);
    view.setUint32(at('expected_attach_type'), program.expectedAttachType, true);
    view.setUint32(at('len'), program.length, true);
    view.setUint32(at('jited_len'), program.compiledLength, true);
    view.setUint32(auxAt('used_map_cnt'), program.maps, true);
    u8.set(program.tag, at('tag'));
    view.setBigUint64(at('aux'), addressOf(this.#aux), true);
    view.setUint32(auxAt('id'), program.id, true);
    u8.set(encoder.encode(program.name).subarray(0, NAME_LENGTH), auxAt('name'));
    view.setBigUint64(auxAt('attach_func_name'), addressOf(this.#attachName), true);
    view.setBigUint64(auxAt('prog'), addressOf(this.address), true);
    view.setUint32(auxAt('verified_insns'), program.verifiedInsns, true);
    if (attachName !== undefined) u8.set(attachName, this.#attachName);
  }

  release(): void {
    this.#memory.free(this.#attachName);
    this.#memory.free(this.#aux);
    this.#memory.free(this.address);
  }
}
