/**
 * Entry programs: the functions outside `.text`, with what their section says of them.
 *
 * Facts: libbpf 1.8, bpf_object__init_prog(), bpf_object_init_progs() and bpf_program__set_type() in src/libbpf.c.
 */
import type { Btf } from '../btf/index.ts';
import { BPF_PROG_TYPE_UNSPEC } from '../uapi/index.ts';
import type { ObjectFunction } from './functions.ts';
import type { AttachTarget, ObjectProgram } from './model.ts';
import { findSectionDefinition, type SectionDefinition, sectionExtras } from './sections.ts';

export class ParsedProgram implements ObjectProgram {
  readonly name: string;
  readonly section: string;
  readonly insnCount: number;
  readonly code: ObjectFunction;
  autoload: boolean;
  expectedAttachType: number;
  flags = 0;
  ifindex = 0;
  attachTarget: AttachTarget | undefined;
  attachProgFd: number | undefined = undefined;
  attachProgBtf: Btf | undefined = undefined;
  #type: number;
  #definition: SectionDefinition | undefined;

  constructor(code: ObjectFunction) {
    this.code = code;
    this.name = code.name;
    this.section = code.section;
    this.insnCount = code.insnCount;
    this.autoload = !code.isOptional;
    this.#definition = findSectionDefinition(code.section);
    this.#type = this.#definition?.type ?? BPF_PROG_TYPE_UNSPEC;
    this.expectedAttachType = this.#definition?.attachType ?? 0;
    this.attachTarget = this.#definition?.attachesByBtf ? declaredTarget(code.section) : undefined;
  }

  get definition(): SectionDefinition | undefined {
    return this.#definition;
  }

  get type(): number {
    return this.#type;
  }

  set type(type: number) {
    if (type === this.#type) return;
    this.#type = type;
    if (this.#definition?.attachesByBtf) this.attachTarget = undefined;
    this.#definition = undefined;
  }
}

/** `task` of `iter/task`; a module may stand before a colon. */
function declaredTarget(section: string): AttachTarget | undefined {
  const extras = sectionExtras(section);
  if (extras === undefined) return undefined;
  const colon = extras.indexOf(':');
  return colon < 0 ? { name: extras } : { name: extras.slice(colon + 1), module: extras.slice(0, colon) };
}
