/**
 * Maps declared in `SEC(".maps")`: the BTF of such a variable is its definition. A number is the length of an array
 * that a member points to (`int (*type)[2]`), a type is what a member points to (`__u64 *value`).
 *
 * Facts: libbpf 1.8, parse_btf_map_def() and bpf_object__init_user_btf_map() in src/libbpf.c; macros in bpf_helpers.h.
 */
import type { Btf, BtfType, CompositeType, Member, TypeId } from '../btf/index.ts';
import type { ElfSection } from '../elf/index.ts';
import { BpfiterError } from '../errors.ts';
import {
  BPF_MAP_TYPE_ARENA,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_PROG_ARRAY,
} from '../uapi/index.ts';
import { MAPS_SECTION } from './elf-parts.ts';
import { ParsedMap } from './maps.ts';

const LIBBPF_PIN_BY_NAME = 1;
/** Maps of maps and program arrays hold descriptors. */
const DESCRIPTOR_BYTES = 4;

export const isMapOfMaps = (type: number): boolean =>
  type === BPF_MAP_TYPE_ARRAY_OF_MAPS || type === BPF_MAP_TYPE_HASH_OF_MAPS;

/** What the members of a definition say; 0 where they say nothing. */
interface MapDefinition {
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  extra: bigint;
  numaNode: number;
  keyTypeId: number;
  valueTypeId: number;
  pinning: number;
  inner: MapDefinition | undefined;
}

/** A map of `.maps` with the place of its variable, by which relocations find it. */
export interface DeclaredMap {
  readonly map: ParsedMap;
  readonly offset: number;
  readonly size: number;
  /** The struct that defines it. */
  readonly definition: CompositeType;
}

/**
 * The maps of `.maps`, in the order of their variables.
 * @param arenaValue the object's global variables in its arena
 * @throws BpfiterError
 */
export function readDeclaredMaps(btf: Btf, section: ElfSection, arenaValue: Uint8Array | undefined): DeclaredMap[] {
  const datasec = btf.find(MAPS_SECTION, 'datasec');
  const type = datasec === undefined ? undefined : btf.type(datasec);
  if (type?.kind !== 'datasec')
    throw new BpfiterError('malformed', `BTF has no data section '${MAPS_SECTION}' although the object has one`);
  return type.entries.map((entry, index) => readDeclaredMap(btf, section, entry, index, arenaValue));
}

function readDeclaredMap(
  btf: Btf,
  section: ElfSection,
  entry: { readonly type: TypeId; readonly offset: number; readonly size: number },
  index: number,
  arenaValue: Uint8Array | undefined,
): DeclaredMap {
  const variable = btf.type(entry.type);
  const { name } = variable;
  if (name === '') throw new BpfiterError('malformed', `map #${index} of '${MAPS_SECTION}' has no name`);
  const reject = (what: string, code: 'malformed' | 'unsupported' = 'malformed') =>
    new BpfiterError(code, `map '${name}': ${what}`);
  if (entry.offset + entry.size > section.size) throw reject('its definition reaches past the end of its section');
  if (variable.kind !== 'var') throw reject(`a variable is expected in '${MAPS_SECTION}', not a ${variable.kind}`);
  if (variable.linkage !== 'global')
    throw reject(`is ${variable.linkage}; a map must be a global variable`, 'unsupported');

  const definition = btf.type(btf.skipModifiersAndTypedefs(variable.type));
  if (definition.kind !== 'struct') throw reject(`is defined by a ${definition.kind}; a struct is expected`);
  if (definition.size > entry.size) throw reject(`its definition is larger than the variable (${entry.size} bytes)`);

  const parsed = new DefinitionReader(btf, name).read(definition);
  const inner = parsed.inner;
  const isArena = parsed.type === BPF_MAP_TYPE_ARENA;
  const map = new ParsedMap({
    ...attributes(parsed),
    name,
    origin: isArena ? 'arena' : 'user',
    section: MAPS_SECTION,
    sectionIndex: section.index,
    sectionOffset: entry.offset,
    pinByName: parsed.pinning === LIBBPF_PIN_BY_NAME,
    ...(isArena && arenaValue !== undefined && { initialValue: arenaValue }),
    inner:
      inner &&
      new ParsedMap({
        ...attributes(inner),
        name: `${name}.inner`,
        origin: 'user',
        section: MAPS_SECTION,
        sectionIndex: section.index,
      }),
  });
  return { map, offset: entry.offset, size: entry.size, definition };
}

const attributes = (definition: MapDefinition) => ({
  type: definition.type,
  keySize: definition.keySize,
  valueSize: definition.valueSize,
  maxEntries: definition.maxEntries,
  flags: definition.flags,
  extra: definition.extra,
  numaNode: definition.numaNode,
  btfKeyTypeId: definition.keyTypeId,
  btfValueTypeId: definition.valueTypeId,
});

class DefinitionReader {
  readonly #btf: Btf;
  readonly #map: string;
  readonly #isInner: boolean;

  constructor(btf: Btf, map: string, isInner = false) {
    this.#btf = btf;
    this.#map = map;
    this.#isInner = isInner;
  }

  read(struct: CompositeType): MapDefinition {
    const definition: MapDefinition = {
      type: 0,
      keySize: 0,
      valueSize: 0,
      maxEntries: 0,
      flags: 0,
      extra: 0n,
      numaNode: 0,
      keyTypeId: 0,
      valueTypeId: 0,
      pinning: 0,
      inner: undefined,
    };
    struct.members.forEach((member, index) => {
      this.#readMember(definition, member, index === struct.members.length - 1);
    });
    if (definition.type === 0) throw this.#reject('has no type');
    return definition;
  }

  #readMember(definition: MapDefinition, member: Member, isLast: boolean): void {
    switch (member.name) {
      case 'type':
        definition.type = this.#number(member);
        return;
      case 'max_entries':
        definition.maxEntries = this.#number(member);
        return;
      case 'map_flags':
        definition.flags = this.#number(member);
        return;
      case 'numa_node':
        definition.numaNode = this.#number(member);
        return;
      case 'map_extra':
        definition.extra = this.#longNumber(member);
        return;
      case 'key_size':
        definition.keySize = this.#agree('key', definition.keySize, this.#number(member));
        return;
      case 'value_size':
        definition.valueSize = this.#agree('value', definition.valueSize, this.#number(member));
        return;
      case 'key': {
        const type = this.#pointee(member);
        definition.keySize = this.#agree('key', definition.keySize, this.#size(type, 'key'));
        definition.keyTypeId = type;
        return;
      }
      case 'value': {
        const type = this.#pointee(member);
        definition.valueSize = this.#agree('value', definition.valueSize, this.#size(type, 'value'));
        definition.valueTypeId = type;
        return;
      }
      case 'values':
        if (!isLast) throw this.#reject("'values' must be the last member of its definition");
        this.#readValues(definition, member);
        return;
      case 'pinning':
        if (this.#isInner) throw this.#reject('is an inner map; only the outer one can be pinned');
        definition.pinning = this.#number(member);
        if (definition.pinning > LIBBPF_PIN_BY_NAME)
          throw this.#reject(`'pinning' is ${definition.pinning}; it can be 0 (not pinned) or 1 (by name)`);
        return;
      default:
        throw this.#reject(`its definition has a member '${member.name}' that is not known`, 'unsupported');
    }
  }

  #readValues(definition: MapDefinition, member: Member): void {
    if (this.#isInner)
      throw this.#reject('is an inner map with inner maps of its own; one level is supported', 'unsupported');
    const isProgramArray = definition.type === BPF_MAP_TYPE_PROG_ARRAY;
    if (!isMapOfMaps(definition.type) && !isProgramArray)
      throw this.#reject("has 'values', but is neither a map of maps nor a program array", 'unsupported');
    definition.valueSize = this.#agree('value', definition.valueSize, DESCRIPTOR_BYTES);

    const array = this.#btf.type(member.type);
    if (array.kind !== 'array' || array.length !== 0) throw this.#reject("'values' must be an array of no length");
    const pointer = this.#resolve(array.elementType);
    if (pointer.kind !== 'ptr') throw this.#reject(`elements of 'values' must be pointers, not ${pointer.kind}`);
    const element = this.#resolve(pointer.type);
    if (isProgramArray) {
      if (element.kind !== 'func_proto')
        throw this.#reject(`elements of 'values' must point to functions, not to ${element.kind}`);
      return;
    }
    if (element.kind !== 'struct')
      throw this.#reject(`elements of 'values' must point to a map definition, not to ${element.kind}`);
    definition.inner = new DefinitionReader(this.#btf, `${this.#map}.inner`, true).read(element);
  }

  #resolve(id: TypeId): BtfType {
    return this.#btf.type(this.#btf.skipModifiersAndTypedefs(id));
  }

  /** The number that `int (*member)[number]` stands for. */
  #number({ name, type }: Member): number {
    const pointer = this.#resolve(type);
    if (pointer.kind !== 'ptr') throw this.#reject(`'${name}' must be a pointer to an array, not ${pointer.kind}`);
    const array = this.#btf.type(pointer.type);
    if (array.kind !== 'array') throw this.#reject(`'${name}' must be a pointer to an array, not to ${array.kind}`);
    return array.length;
  }

  /** As #number, or the value of the only constant of an enum, for numbers that no array length can hold. */
  #longNumber(member: Member): bigint {
    const type = this.#resolve(member.type);
    if (type.kind === 'ptr') return BigInt(this.#number(member));
    if (type.kind !== 'enum' && type.kind !== 'enum64')
      throw this.#reject(`'${member.name}' must be a pointer to an array or an enum, not ${type.kind}`);
    const [only] = type.values;
    if (only === undefined || type.values.length !== 1)
      throw this.#reject(`'${member.name}' must be an enum of one constant, not of ${type.values.length}`);
    // Constants of a plain enum are stored in 32 bits and read as signed ones, whatever the enum says.
    return BigInt.asUintN(64, type.kind === 'enum' ? BigInt.asIntN(32, only.value) : only.value);
  }

  #pointee({ name, type }: Member): TypeId {
    const pointer = this.#btf.type(type);
    if (pointer.kind !== 'ptr') throw this.#reject(`'${name}' must be a pointer to a type, not ${pointer.kind}`);
    return pointer.type;
  }

  #size(type: TypeId, what: 'key' | 'value'): number {
    try {
      return this.#btf.sizeOfType(type);
    } catch (cause) {
      throw new BpfiterError('malformed', `map '${this.#map}': the ${what} is of a type without a size`, { cause });
    }
  }

  #agree(what: 'key' | 'value', before: number, now: number): number {
    if (before !== 0 && before !== now)
      throw this.#reject(`has two sizes of its ${what}: ${before} bytes and ${now} bytes`);
    return now;
  }

  #reject(what: string, code: 'malformed' | 'unsupported' = 'malformed'): BpfiterError {
    return new BpfiterError(code, `map '${this.#map}': ${what}`);
  }
}
