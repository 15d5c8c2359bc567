/** One embedded kernel without verifier and compiler: programs are functions of this language. */

import { IdTable } from '../../../src/embedded/id-table.ts';
import { BpfFileSystem } from '../../../src/embedded/iter/bpffs.ts';
import type { IterFile } from '../../../src/embedded/iter/iter-file.ts';
import { Iterators } from '../../../src/embedded/iter/iterators.ts';
import type { EmbeddedLink, IterProgram } from '../../../src/embedded/iter/link.ts';
import { TargetRegistry } from '../../../src/embedded/iter/registry.ts';
import type { EmbeddedMap } from '../../../src/embedded/maps/embedded-map.ts';
import type { KernelMemory } from '../../../src/embedded/memory/kernel-memory.ts';
import { layoutOf, model } from '../../../src/embedded/model/index.ts';
import { Needs } from '../../../src/embedded/sources/needs.ts';
import { type TargetEnvironment, targetsOf } from '../../../src/embedded/targets/index.ts';
import type { Program } from '../../../src/kernel.ts';
import type { FakeMemory } from '../fake-memory.ts';
import { FakeObjects, type FakeTask } from '../fake-objects.ts';

/** @param slots the low words of the arguments after meta @returns text to print, or a return value */
export type Body = (slots: readonly number[]) => string | number;

export interface FakeProgram extends IterProgram {
  holders: number;
}

export class Fixture<M extends KernelMemory = FakeMemory> {
  readonly memory: M;
  readonly objects: FakeObjects;
  readonly maps = new IdTable<EmbeddedMap>();
  readonly programs = new IdTable<{ readonly address: number }>();
  readonly registry = new TargetRegistry();
  readonly iterators: Iterators;
  readonly environment: TargetEnvironment;

  /** @param memory in which the maps of a test are, if it has any */
  constructor(memory: M, tasks: FakeTask[] = [], possibleCpus = 2) {
    const { maps, programs, registry } = this;
    this.memory = memory;
    this.objects = new FakeObjects(memory, tasks);
    this.iterators = new Iterators({
      memory,
      model,
      objects: this.objects,
      source: { name: 'objects' },
      targets: registry,
      files: new BpfFileSystem(),
      // Programs of these tests are their own handles.
      programOf: (program) => ('needs' in program ? (program as unknown as IterProgram) : undefined),
    });
    this.environment = {
      memory,
      model,
      objects: this.objects,
      possibleCpus,
      maps,
      programs,
      links: this.iterators.links,
      openMap: (selector) => {
        const map = 'id' in selector ? [...maps.values()].find(({ id }) => id === selector.id) : undefined;
        if (map === undefined) throw new Error('no such map');
        return map;
      },
    };
    for (const target of targetsOf(this.environment)) registry.register(target);
  }

  program(targetName: string, body: Body, overrides: Partial<IterProgram> = {}): FakeProgram & Program {
    const { memory } = this;
    const address = memory.allocate(layoutOf('bpf_prog').size);
    const count = this.registry.get(targetName)?.arguments.length ?? 0;
    const run = (context: number, _session: IterFile): number => {
      const slots = Array.from({ length: count }, (_, index) => memory.view.getInt32(context + 8 * (index + 1), true));
      const result = body(slots);
      if (typeof result === 'number') return result;
      const bytes = new TextEncoder().encode(result);
      const text = memory.allocate(bytes.length);
      memory.u8.set(bytes, text);
      const seq = memory.view.getUint32(memory.view.getUint32(context, true), true);
      memory.runtime.seq_write(seq, text, bytes.length);
      memory.free(text);
      return 0;
    };
    const program: FakeProgram = {
      name: 'by_hand',
      section: `iter/${targetName}`,
      id: this.programs.add({ address }),
      targetName,
      sleepable: false,
      address,
      needs: Needs.nothing,
      keepsPointers: false,
      maxRdonlyAccess: 0,
      maxRdwrAccess: 0,
      run,
      holders: 0,
      tellTypes: () => {},
      hold: () => {
        program.holders += 1;
      },
      release: () => {
        program.holders -= 1;
      },
      ...overrides,
    };
    return program as FakeProgram & Program;
  }

  /** The first session on a link, read as often as one likes. */
  reader(link: EmbeddedLink, bufferSize = 32768): () => string | number {
    const file = this.iterators.links.get(link.info().id)?.openFile();
    const buffer = new Uint8Array(bufferSize);
    return () => {
      const count = file?.read(buffer) ?? 0;
      return count < 0 ? count : new TextDecoder().decode(buffer.subarray(0, count));
    };
  }

  pidOf(task: number): number {
    return task === 0 ? 0 : this.memory.view.getInt32(task + layoutOf('task_struct').field('pid').offset, true);
  }
}
