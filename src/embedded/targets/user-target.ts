/**
 * Iterator targets that users give an embedded kernel (bpf_iter_reg of Linux, in TypeScript): what programs of
 * `SEC("iter/NAME")` are called with, as plain values. From its description come the types that programs are relocated
 * onto, what the verifier may assume, and the target itself.
 */
import { BpfiterError } from '../../errors.ts';
import type { IterParameters } from '../../kernel.ts';
import { type RecordInput, type RecordLayout, recordLayout } from '../../records/index.ts';
import type { IteratorRow } from '../../verifier/index.ts';
import type { ContextSlots } from '../iter/context.ts';
import { SequenceWalk } from '../iter/sequence-walk.ts';
import type { IterTargetDefinition } from '../iter/target.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import { type ModelPart, part } from '../model/index.ts';
import type { TargetEnvironment } from './environment.ts';

export interface UserArgument {
  readonly name: string;
  /** `struct planet *`, or a number of up to 32 bits: `u32`, `int`. */
  readonly type: string;
}

/**
 * @example
 * const planets: UserTarget = {
 *   name: 'planet',
 *   types: 'struct planet { char name[16]; u32 moons; };',
 *   arguments: [{ name: 'planet', type: 'struct planet *' }],
 *   *objects() {
 *     yield [{ name: 'Earth', moons: 1 }];
 *     yield [{ name: 'Mars', moons: 2 }];
 *   },
 * };
 */
export interface UserTarget {
  /** As in `SEC("iter/planet")`. */
  readonly name: string;
  /** Declarations, in C, of types that the kernel does not have already. */
  readonly types?: string;
  /** After `meta`. */
  readonly arguments: readonly UserArgument[];
  /** Whether programs that sleep attach; default true. */
  readonly sleepable?: boolean;
  /** Which of the parameters it takes, if any. */
  readonly parameter?: keyof IterParameters;
  /**
   * What a session shows: the arguments of one call each, structs as plain objects. Called when a session opens.
   * After the last one the program is called once more, with NULL and 0.
   */
  objects(parameters: IterParameters): Iterable<readonly RecordInput[]>;
}

const STRUCT_POINTER = /^(?:const )?struct (\w+) ?\*$/;

const structOf = ({ type }: UserArgument): string | undefined => STRUCT_POINTER.exec(type.trim())?.[1];

/** The function that programs attach to, their context, and the types. @throws BpfiterError `usage` */
export function userTargetPart({ name, types = '', arguments: list }: UserTarget): ModelPart {
  for (const argument of list) {
    if (argument.type.includes('*') && structOf(argument) === undefined) {
      throw new BpfiterError('usage', `iter/${name}: '${argument.type} ${argument.name}' is no pointer to a struct`);
    }
  }
  const members = list.map((argument) =>
    structOf(argument) === undefined
      ? `${argument.type} ${argument.name} __aligned(8);`
      : `union { ${argument.type} ${argument.name}; };`,
  );
  const parameters = list.map((argument) => `, ${argument.type} ${argument.name}`);
  const text = `
    ${types}
    struct bpf_iter__${name} { union { struct bpf_iter_meta *meta; }; ${members.join(' ')} };
    int bpf_iter_${name}(struct bpf_iter_meta *meta${parameters.join('')});
  `;
  try {
    const found = part(`Target ${name}`, 'Given by the user.', text);
    // Parsed now, that what is wrong with it is told as the target's fault.
    void found.declarations;
    return found;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BpfiterError('usage', `iter/${name}: its types cannot be read: ${why}`, { cause });
  }
}

/** What the verifier is to know: pointers are trusted, and NULL in the last call. */
export function userTargetRow(target: UserTarget): IteratorRow {
  const pointers = target.arguments.flatMap((argument, index): [number, string][] => {
    const struct = structOf(argument);
    return struct === undefined ? [] : [[index + 1, `trusted_ptr_or_null_ ${struct}`]];
  });
  return {
    target: target.name,
    sleepable: target.sleepable ?? true,
    ...(target.parameter !== undefined && { parameter: target.parameter }),
    arguments: Object.fromEntries(pointers),
  };
}

export function userTarget({ memory, model }: TargetEnvironment, target: UserTarget): IterTargetDefinition {
  const layouts = target.arguments.map((argument) => {
    const struct = structOf(argument);
    return struct === undefined ? undefined : recordLayout(model.btf, `struct ${struct}`);
  });
  return {
    name: target.name,
    arguments: target.arguments,
    sleepable: target.sleepable ?? true,
    ...(target.parameter !== undefined && { parameter: target.parameter }),
    attach: (parameters) => ({
      // Whatever the parameters are, they are the target's own affair: no link info tells of them.
      info: {},
      open: (slots) => new UserWalk(target, parameters, memory, layouts, slots),
    }),
  };
}

class UserWalk extends SequenceWalk<readonly RecordInput[]> {
  readonly #free: () => void;

  constructor(
    { name, arguments: list, objects }: UserTarget,
    parameters: IterParameters,
    memory: KernelMemory,
    layouts: readonly (RecordLayout | undefined)[],
    slots: ContextSlots,
  ) {
    const places = layouts.map((layout) => (layout === undefined ? 0 : memory.allocate(layout.size)));
    super(objects(parameters), slots, (values) => {
      if (values.length !== list.length) {
        throw new BpfiterError('usage', `iter/${name} takes ${list.length} values for each call, not ${values.length}`);
      }
      values.forEach((value, index) => {
        const layout = layouts[index];
        const place = places[index] ?? 0;
        if (layout === undefined) {
          slots.number(index, Number(value));
          return;
        }
        memory.u8.set(layout.encode(value), place);
        slots.pointer(index, place);
      });
    });
    this.#free = () => {
      for (const place of places) memory.free(place);
    };
  }

  override release(): void {
    super.release();
    this.#free();
  }
}
