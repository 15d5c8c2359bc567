/**
 * The embedded kernel: memory, maps, programs, links and pins of its own, types from the model, objects from a source.
 * It lives in this process and ends with it; nothing of it is seen by the running kernel, nor by another embedded one.
 */
import { checkObject } from '../arguments.ts';
import type { Btf } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import { checkMapSelector } from '../iter-parameters.ts';
import type { TargetProperties } from '../iter-targets.ts';
import { makeInvoke, webAssembly } from '../jit/index.ts';
import type {
  IterParameters,
  Kernel,
  KernelMap,
  Link,
  LinkInfo,
  LinkSelector,
  LoadOptions,
  MapSelector,
} from '../kernel.ts';
import { checkLoadOptions } from '../load-options.ts';
import type { KernelObject } from '../loaded-object.ts';
import type { BpfObject, LinkTarget } from '../object/index.ts';
import type { KernelProfile } from '../verifier/index.ts';
import { FunctionTable } from './function-table.ts';
import { IdTable } from './id-table.ts';
import { BpfFileSystem, type Pinned } from './iter/bpffs.ts';
import { Iterators } from './iter/iterators.ts';
import { TargetRegistry } from './iter/registry.ts';
import type { IterTargetDefinition } from './iter/target.ts';
import { KernelRuntime } from './kernel-runtime.ts';
import { heapOf } from './kfuncs/object-heap.ts';
import { loadObject } from './load.ts';
import { engineMachine } from './machine.ts';
import { LocalStorageMap } from './maps/local-storage.ts';
import { MapBase } from './maps/map-base.ts';
import { MapRegistry, mapImports } from './maps/map-registry.ts';
import { noObjects, objectForMap } from './maps/objects-of-users.ts';
import { addressOf } from './memory/address.ts';
import { LinearMemory } from './memory/linear-memory.ts';
import { STACK_TOP } from './memory/places.ts';
import { EmbeddedTarget, embeddedProfile, model as linuxModel, Model, modelParts } from './model/index.ts';
import { EmbeddedProgram, type ProgramHost, type ProgramParts } from './program.ts';
import type { Machine } from './runtime.ts';
import type { KernelObjects, Source } from './sources/source.ts';
import { targetProperties } from './target-properties.ts';
import { targetsOf, type UserTarget, userTarget, userTargetPart, userTargetRow } from './targets/index.ts';

export interface EmbeddedKernelOptions {
  /** Where tasks, files and the rest come from. */
  readonly source: Source;
  /** Time, chance and processors; the JavaScript engine's if absent. */
  readonly machine?: Machine;
  /** Called with each line that programs write to the trace pipe (bpf_trace_printk). */
  readonly onTrace?: (line: string) => void;
  /**
   * Called after each session and run with what its source does not know, for want of privilege or because no file
   * tells: which kind of file or field, and of how many objects. Those are shown with what is known of them.
   */
  readonly onUnreadable?: (unreadable: ReadonlyMap<string, number>) => void;
  /** Iterator targets beside those of Linux. */
  readonly targets?: readonly UserTarget[];
}

const EBADF = 9;

export class EmbeddedKernel implements Kernel, ProgramHost {
  readonly kind = 'embedded';
  readonly target: LinkTarget;
  readonly profile: KernelProfile;
  readonly model: Model;
  readonly runtime: KernelRuntime;
  readonly maps: MapRegistry;
  readonly functions: FunctionTable;
  readonly objects: KernelObjects;
  readonly reportUnreadable: (unreadable: ReadonlyMap<string, number>) => void;
  readonly #programs = new IdTable<EmbeddedProgram>();
  readonly #files = new BpfFileSystem<Pinned>();
  readonly #iterators: Iterators;
  readonly #targets: TargetRegistry;

  constructor(options: EmbeddedKernelOptions) {
    checkOptions(options);
    const { source, machine = engineMachine(), onTrace = () => {}, onUnreadable, targets = [] } = options;
    const model = targets.length === 0 ? linuxModel : new Model([...modelParts, ...targets.map(userTargetPart)]);
    this.model = model;
    const { possibleCpus } = machine;
    const memory: LinearMemory = new LinearMemory(mapImports(() => this.maps));
    this.maps = new MapRegistry({
      memory,
      possibleCpus,
      layout: model.layoutOf('bpf_map'),
      services: {
        releaseField: (field, at) => heapOf(this.runtime).releaseField(field, at),
        program: (id) => this.#slotOf(id),
        object: objectForMap,
        // Nothing that has a description is ever in a map of users.
        describeObject: (_, map) => {
          throw noObjects(map);
        },
        pin: (path, map) => this.#files.pin(path, map),
      },
      random: () => machine.random(),
    });
    const table = new webAssembly.Table({ element: 'anyfunc', initial: 0 });
    this.runtime = new KernelRuntime({
      memory,
      btf: model.btf,
      maps: this.maps,
      table,
      stackPointer: new webAssembly.Global({ value: 'i32', mutable: true }, STACK_TOP),
      machine,
      invoke: makeInvoke({ memory: memory.wasm, table }),
      trace: onTrace,
    });
    this.reportUnreadable = (unreadable) => {
      if (unreadable.size > 0) onUnreadable?.(unreadable);
    };
    this.objects = source.open(memory, model, machine);
    this.runtime.objects = this.objects;
    memory.symbolText = (low, high, form) => this.objects.symbolText({ low, high }, form);
    this.objects.inUse = () => this.#hasStorage();
    this.functions = new FunctionTable(this.runtime, this.objects);
    this.profile = embeddedProfile(model, { possibleCpus, iteratorTargets: targets.map(userTargetRow) });
    this.target = new EmbeddedTarget(model, {
      possibleCpus,
      symbol: (name) => {
        const offset = this.objects.symbol(name);
        return offset === undefined ? undefined : addressOf(offset);
      },
    });
    this.#targets = new TargetRegistry();
    this.#iterators = new Iterators({
      memory,
      model,
      objects: this.objects,
      source,
      targets: this.#targets,
      files: this.#files,
      reportUnreadable: this.reportUnreadable,
      programOf: (program) => (program instanceof EmbeddedProgram ? program.asIterator : undefined),
    });
    const environment = {
      memory,
      model,
      objects: this.objects,
      possibleCpus,
      maps: {
        from: (id: number) => {
          const map = this.maps.from(id);
          return map && { id: map.id, object: map };
        },
      },
      programs: this.#programs,
      links: this.#iterators.links,
      openMap: (selector: KernelMap | MapSelector) => this.#findMap(selector),
    };
    for (const definition of targetsOf(environment)) this.#targets.register(definition);
    for (const target of targets) this.#targets.register(userTarget(environment, target));
  }

  btf(): Btf {
    return this.model.btf;
  }

  async load(object: BpfObject, options: LoadOptions = {}): Promise<KernelObject<EmbeddedProgram, MapBase>> {
    checkLoadOptions(options);
    return loadObject(this, object, options);
  }

  /** The targets that programs can attach to. */
  targets(): Iterable<IterTargetDefinition> {
    return this.#targets.values();
  }

  /** Whether programs can call a helper or kfunc: some need objects that the source does not have. */
  hasFunction(name: string): boolean {
    const definition = this.functions.definition(name);
    if (definition === undefined) return false;
    try {
      this.functions.callee(definition);
      return true;
    } catch (error) {
      if (error instanceof BpfiterError && error.code === 'unsupported') return false;
      throw error;
    }
  }

  /** What BTF does not say of a target; undefined for one that this kernel does not have. */
  describeTarget(name: string): TargetProperties | undefined {
    const target = this.#targets.get(name);
    return target && targetProperties(target, this.profile);
  }

  openMap(selector: MapSelector): MapBase {
    return this.#findMap(selector).reopen();
  }

  #findMap(selector: KernelMap | MapSelector): MapBase {
    if (selector instanceof MapBase && selector.registry === this.maps) return selector;
    if (typeof selector === 'object' && selector !== null && 'lookup' in selector) {
      throw new BpfiterError('usage', `map '${selector.name}' is of another kernel than the program`);
    }
    checkMapSelector('openMap()', selector);
    if (selector.fd !== undefined) {
      throw new BpfiterError('usage', 'maps of the embedded kernel have no descriptors; name one by id, name or pin');
    }
    if (selector.pinned !== undefined) {
      const pinned = this.#files.get(selector.pinned);
      if (pinned instanceof MapBase) return pinned;
      throw new BpfiterError('usage', `'${selector.pinned}' is a pinned ${pinned.kind}, not a map`);
    }
    if (selector.id !== undefined) {
      const map = this.maps.byId(selector.id);
      if (map === undefined) throw new BpfiterError('not-found', `there is no map with id ${selector.id}`);
      return map;
    }
    const [map, ...others] = [...this.maps.all()].filter(({ kernelName }) => kernelName === selector.name);
    if (map === undefined) throw new BpfiterError('not-found', `there is no map named '${selector.name}'`);
    if (others.length === 0) return map;
    const ids = [map, ...others].map(({ id }) => id).join(', ');
    throw new BpfiterError('usage', `several maps are named '${selector.name}'; choose one by its id: ${ids}`);
  }

  /** The map pinned at that path, if something is; not opened. */
  pinnedMap(path: string): MapBase | undefined {
    return this.#files.has(path) ? this.#findMap({ pinned: path }) : undefined;
  }

  openLink(selector: LinkSelector): Link {
    return this.#iterators.openLink(selector);
  }

  links(): Iterable<LinkInfo> {
    return this.#iterators.linkInfos();
  }

  /** Before a program of it is verified. @throws BpfiterError for a target that this kernel does not have */
  requireTarget(name: string, what: string): void {
    this.#iterators.target(name, what);
  }

  attach(program: EmbeddedProgram, parameters: IterParameters): Link {
    const iterator = program.asIterator;
    if (iterator === undefined) throw new Error(`program '${program.name}' is no iterator`);
    return this.#iterators.attach(iterator, parameters);
  }

  pin(path: string, object: Pinned): void {
    this.#files.pin(path, object);
  }

  /** Removes a pin. */
  unpin(path: string): void {
    this.#files.unpin(path);
  }

  takeIn(parts: ProgramParts): EmbeddedProgram {
    return this.#programs.make((id) => new EmbeddedProgram(this, id, parts));
  }

  forgetProgram(program: EmbeddedProgram): void {
    this.#programs.remove(program.id);
  }

  /** Whether a storage map has values of objects of the source; `current` is always there. */
  #hasStorage(): boolean {
    for (const map of this.maps.all()) {
      if (!(map instanceof LocalStorageMap)) continue;
      for (const [owner] of map.elements()) if (owner !== this.objects.currentTask) return true;
    }
    return false;
  }

  #slotOf(id: number) {
    const program = this.#programs.get(id);
    if (program === undefined) return -EBADF;
    const { entryIndex: tableIndex } = program.instance;
    return { id, tableIndex, hold: () => program.hold(), release: () => program.release() };
  }

  close(): void {
    this.#files.clear();
    this.runtime.close();
    this.objects.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function checkOptions(options: Partial<EmbeddedKernelOptions> | null | undefined): void {
  const takes = 'a source: what objectsSource(), procfsSource() or openSource() gives, as { source }';
  checkObject('openEmbeddedKernel()', takes, options?.source, ['open']);
}

/** Opens an embedded kernel over a source. */
export function openEmbeddedKernel(options: EmbeddedKernelOptions): EmbeddedKernel {
  return new EmbeddedKernel(options);
}
