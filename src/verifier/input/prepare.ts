/** From what the object room links to what the verifier reads. */
import { Btf } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import type { LinkedMap, LinkedObject, LinkedProgram } from '../../object/index.ts';
import {
  BPF_F_RDONLY_PROG,
  BPF_F_SLEEPABLE,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
} from '../../uapi/index.ts';
import { EINVAL } from '../errno.ts';
import type { AllocatedType, MapFields } from '../fields.ts';
import type { KernelProfile, ProgramKind } from '../profile/types.ts';
import type { VerifierLine, VerifierMap, VerifierMapReference, VerifierProgram } from '../program.ts';
import { whyRefused } from './btf-checks.ts';
import { takesBtf } from './map-btf.ts';
import { FieldError, FieldFinder } from './special-fields.ts';

/** One linked object: maps and types are read once for all its programs. */
export class VerifierInput {
  readonly #object: LinkedObject;
  readonly #btf: Btf | undefined;
  readonly #finder: FieldFinder | undefined;
  readonly #allocatedTypes: ReadonlyMap<number, AllocatedType> = new Map();
  readonly #maps = new Map<LinkedMap, VerifierMap>();

  /** @throws BpfiterError `refused` if the kernel would refuse the object's BTF, and the object cannot do without */
  constructor(object: LinkedObject, name: string, profile: KernelProfile) {
    this.#object = object;
    if (object.btf === undefined) return;
    const btf = Btf.parse(object.btf, { name });
    const finder = new FieldFinder(btf, profile.btf);
    try {
      const reason = whyRefused(btf);
      if (reason !== undefined) throw new FieldError(EINVAL, reason);
      this.#allocatedTypes = finder.allocatedTypes();
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      // Refused BTF is left out, as libbpf does.
      if (!object.btfRequired) return;
      throw new BpfiterError('refused', `the kernel refuses the BTF of ${name}: ${error.message}`, error);
    }
    this.#btf = btf;
    this.#finder = finder;
  }

  get btf(): Btf | undefined {
    return this.#btf;
  }

  allocatedTypes(): ReadonlyMap<number, AllocatedType> {
    return this.#allocatedTypes;
  }

  program(linked: LinkedProgram): VerifierProgram {
    const { program } = linked;
    return {
      name: program.name,
      section: program.section,
      insns: linked.insns,
      maps: linked.mapReferences.map(({ insn, map, kind, offset }): VerifierMapReference => {
        return { insn, map: this.#map(map), kind, offset };
      }),
      type: linked.type,
      expectedAttachType: linked.expectedAttachType,
      flags: linked.flags,
      license: this.#object.license,
      attachBtfId: linked.attachBtfId,
      attachModule: linked.attachModule,
      attachesToProgram: linked.attachProgFd !== undefined,
      btf: this.#btf,
      functions: this.#functions(linked),
      lines: this.#lines(linked),
      kfuncModules: linked.kfuncModules,
    };
  }

  /** Special fields of a map's value. */
  mapFields(map: LinkedMap): MapFields | undefined {
    return this.#map(map).fields;
  }

  #map(map: LinkedMap): VerifierMap {
    const known = this.#maps.get(map);
    if (known !== undefined) return known;
    const found = this.#fieldsOf(map);
    // Where the object's BTF is left out, maps have none either.
    const typed = this.#btf !== undefined && map.btfValueTypeId !== 0 && takesBtf(map, this.#btf, found);
    const frozen = map.readOnly && map.initialValue !== undefined;
    const made: VerifierMap = {
      name: map.kernelName,
      type: map.type,
      keySize: map.keySize,
      valueSize: map.valueSize,
      maxEntries: map.maxEntries,
      flags: flagsOf(map),
      extra: map.extra,
      frozen,
      value: frozen && map.type === BPF_MAP_TYPE_ARRAY ? map.initialValue : undefined,
      fields: typed ? found : undefined,
      btfValueTypeId: typed ? map.btfValueTypeId : 0,
      btfKeyTypeId: typed ? map.btfKeyTypeId : 0,
      // The kernel keeps of it what programs can see, which is no name.
      inner: map.inner && { ...this.#map(map.inner), name: '' },
    };
    this.#maps.set(map, made);
    return made;
  }

  #fieldsOf({ btfValueTypeId }: LinkedMap): MapFields | undefined {
    if (this.#finder === undefined || btfValueTypeId === 0) return undefined;
    try {
      return this.#finder.inMapValue(btfValueTypeId);
    } catch (error) {
      // The kernel takes such types for maps as if they had no special fields.
      if (error instanceof FieldError) return undefined;
      throw error;
    }
  }

  #functions({ funcInfo }: LinkedProgram): VerifierProgram['functions'] {
    // To be left out with the BTF that it refers to.
    if (this.#btf === undefined) return [];
    return records(funcInfo).map((view) => ({ insn: view.getUint32(0, true), typeId: view.getUint32(4, true) }));
  }

  #lines({ lineInfo }: LinkedProgram): readonly VerifierLine[] {
    const btf = this.#btf;
    if (btf === undefined) return [];
    return records(lineInfo).map((view) => {
      const [file, text] = [view.getUint32(4, true), view.getUint32(8, true)];
      const place = view.getUint32(12, true);
      const line = { insn: view.getUint32(0, true), line: place >>> 10, column: place & 0x3ff };
      if (file >= btf.stringEnd || text >= btf.stringEnd) return { ...line, file: '', text: '', isDamaged: true };
      return { ...line, file: btf.string(file), text: btf.string(text) };
    });
  }
}

function records(info: LinkedProgram['lineInfo']): DataView[] {
  if (info === undefined) return [];
  const { bytes, recordSize } = info;
  const count = Math.floor(bytes.length / recordSize);
  return Array.from({ length: count }, (_, index) => {
    return new DataView(bytes.buffer, bytes.byteOffset + index * recordSize, recordSize);
  });
}

/** What availability of helpers and kfuncs depends on. */
export function kindOf({ program, type, expectedAttachType, flags }: LinkedProgram): ProgramKind {
  return {
    type,
    expectedAttachType,
    sleepable: (flags & BPF_F_SLEEPABLE) !== 0,
    target: program.attachTarget?.name,
  };
}

/** What lookups in maps of devices give is the kernel's own, which programs may not write to. */
const flagsOf = ({ type, flags }: LinkedMap): number =>
  type === BPF_MAP_TYPE_DEVMAP || type === BPF_MAP_TYPE_DEVMAP_HASH ? flags | BPF_F_RDONLY_PROG : flags;
