/**
 * The struct bpf_prog of a program in linear memory, with its bpf_prog_aux: what iter/bpf_prog and pointers from links
 * show to programs.
 */
import type { LoadedTypes } from './loaded-types.ts';
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
  /** What it was loaded with, and its func_info as bpf(2) takes it. */
  readonly types: LoadedTypes | undefined;
  readonly functions: { readonly recordSize: number; readonly bytes: Uint8Array } | undefined;
}

/** Of struct bpf_func_info. */
const FUNC_INFO_SIZE = 8;

const NAME_LENGTH = 15;

export class ProgramStruct {
  readonly address: number;
  readonly #memory: KernelMemory;
  readonly #aux: number;
  readonly #attachName: number;
  readonly #model: Model;
  readonly #program: DescribedProgram;
  #functions = 0;

  constructor(memory: KernelMemory, model: Model, program: DescribedProgram) {
    const prog = model.layoutOf('bpf_prog');
    const aux = model.layoutOf('bpf_prog_aux');
    const encoder = new TextEncoder();
    this.#memory = memory;
    this.#model = model;
    this.#program = program;
    program.types?.hold();
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

  /** Fills what few programs look at: the types. */
  tellTypes(): void {
    const { types, functions } = this.#program;
    if (types === undefined || this.#functions !== 0) return;
    const { recordSize = FUNC_INFO_SIZE, bytes = new Uint8Array() } = functions ?? {};
    const count = Math.floor(bytes.length / recordSize);
    this.#functions = this.#memory.allocate(Math.max(1, count) * FUNC_INFO_SIZE);
    // Making it may replace the view.
    const { address } = types;
    const { view, u8 } = this.#memory;
    for (let index = 0; index < count; index++) {
      const record = bytes.subarray(index * recordSize, index * recordSize + FUNC_INFO_SIZE);
      u8.set(record, this.#functions + index * FUNC_INFO_SIZE);
    }
    const aux = this.#model.layoutOf('bpf_prog_aux');
    const at = (name: string) => this.#aux + aux.field(name).offset;
    view.setBigUint64(at('btf'), addressOf(address), true);
    view.setBigUint64(at('func_info'), addressOf(count > 0 ? this.#functions : 0), true);
    view.setUint32(at('func_info_cnt'), count, true);
  }

  release(): void {
    this.#program.types?.release();
    this.#memory.free(this.#functions);
    this.#memory.free(this.#attachName);
    this.#memory.free(this.#aux);
    this.#memory.free(this.address);
  }
}
