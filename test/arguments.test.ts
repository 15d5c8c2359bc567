/** Wrong arguments, as users without types give them: one line that says which call takes what, of every entry point. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as btf from '../src/btf/index.ts';
import * as elf from '../src/elf/index.ts';
import * as embedded from '../src/embedded/index.ts';
import { hostSupports, unpin } from '../src/host/index.ts';
import * as api from '../src/index.ts';
import * as isa from '../src/isa/index.ts';
import * as jit from '../src/jit/index.ts';
import * as objects from '../src/object/index.ts';
import * as records from '../src/records/index.ts';
import * as verifier from '../src/verifier/index.ts';
import { describeOnHost } from './host/permitted.ts';

/** As a caller without types sees it. */
// biome-ignore lint/suspicious/noExplicitAny: what any caller may do is the subject
const untyped = (value: unknown): any => value;
const object = () => objects.openObject(readFileSync('programs/hashmap.bpf.o'), { name: 'hashmap' });

type Call = (argument: unknown) => unknown;

const calls: readonly (readonly [name: string, takes: string, call: Call])[] = [
  ['loadObject()', "a path, a file's URL or the bytes of an object", (x) => api.loadObject(untyped(x))],
  ['openSource()', 'the path of a snapshot or directory', (x) => api.openSource(untyped(x ?? 1))],
  ['openObject()', 'the bytes of an object file', (x) => api.openObject(untyped(x))],
  ['recordLayoutOf()', 'an object that loadObject() gave', (x) => api.recordLayoutOf(untyped(x), 'a')],
  ['recordLayout()', 'BTF: object.btf', (x) => api.recordLayout(untyped(x), 'a')],
  ['recordLayout()', 'the name of a type', (x) => api.recordLayout(untyped(object().btf), untyped(x === 5 ? [] : x))],
  ['TypedMap', 'a map of a kernel', (x) => new api.TypedMap(untyped(x), untyped(1), untyped(1))],
  ['isRingBuffer()', 'a map of a kernel', (x) => api.isRingBuffer(untyped(x))],
  ['isUserRingBuffer()', 'a map of a kernel', (x) => api.isUserRingBuffer(untyped(x))],
  ['TableWriter', 'the layout of its records', (x) => new records.TableWriter(untyped(x))],
  ['recordTypeScript()', 'BTF: object.btf', (x) => records.recordTypeScript(untyped(x), 'a')],
  ['openEmbeddedKernel()', 'a source', (x) => embedded.openEmbeddedKernel(untyped(x))],
  ['procfsSource()', 'a reader', (x) => embedded.procfsSource(untyped(x))],
  ['openArchive()', 'the bytes of a snapshot', (x) => embedded.openArchive(untyped(x), 'x')],
  ['verify()', 'a program', (x) => verifier.verify(untyped(x), untyped(1))],
  ['verify()', 'a program', (x) => verifier.verifyAsync(untyped(x), untyped(1))],
  ['linux618()', 'BTF: object.btf', (x) => verifier.linux618(untyped(x))],
  ['parseKconfig()', 'lines like CONFIG_X=y', (x) => objects.parseKconfig(untyped(x), 'x')],
  ['findSectionDefinition()', 'the name of a section', (x) => objects.findSectionDefinition(untyped(x))],
  ['explainLog()', "the kernel's log", (x) => objects.explainLog(untyped(x), untyped(1))],
  ['mainThreadsOnly()', 'BTF: object.btf', (x) => objects.mainThreadsOnly(untyped(x))],
  ['Btf.parse()', 'the bytes of a BTF blob', (x) => btf.Btf.parse(untyped(x))],
  ['printC()', 'BTF: object.btf', (x) => btf.printC(untyped(x))],
  ['printRaw()', 'BTF: object.btf', (x) => btf.printRaw(untyped(x))],
  ['relocateBase()', 'BTF: object.btf', (x) => btf.relocateBase(untyped(x), untyped(1))],
  ['parseBtfExt()', 'the bytes of a section .BTF.ext', (x) => btf.parseBtfExt(untyped(x), untyped(1))],
  ['readElf()', 'the bytes of an ELF file', (x) => elf.readElf(untyped(x))],
  ['writeElf()', 'what is to be in the file', (x) => elf.writeElf(untyped(x))],
  ['InstructionView', 'the bytes of instructions', (x) => isa.decode(untyped(x), 0)],
  ['InstructionView', 'the bytes of instructions', (x) => isa.disassemble(untyped(x), 0)],
  ['swapByteOrder()', 'the bytes of instructions', (x) => isa.swapByteOrder(untyped(x))],
  ['encode()', 'an instruction', (x) => isa.encode(untyped(x))],
  ['encodeAll()', 'an array of instructions', (x) => isa.encodeAll(untyped(x))],
  ['compileProgram()', 'a program and what is known of it', (x) => jit.compileProgram(untyped(x))],
  ['instantiate()', 'what compileProgram() gave', (x) => jit.instantiate(untyped(x), untyped(1))],
  ['printWat()', 'what compileProgram() gave', (x) => jit.printWat(untyped(x))],
  ['a pin', 'a path', (x) => unpin(untyped(x))],
];

describe.each(calls)('%s takes %s', (name, takes, call) => {
  it.each([undefined, null, 5, {}])('and refuses %o', async (given) => {
    await expect((async () => call(given))()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`${name} takes ${takes}`),
    });
  });
});

describe('names', () => {
  it('of variables stand before what is wrong with a value', () => {
    const numbers = objects.openObject(readFileSync('programs/numbers.bpf.o'));
    const set = () => new api.GlobalVariables(numbers).set({ limit: 'many' });
    expect(set).toThrow('limit: expected an integer, got "many"');
  });

  it('of features are looked up', () => {
    expect(() => objects.versionHasFeature(0, untyped('prog_name'))).toThrow("(did you mean 'prog-name'?)");
    expect(() => hostSupports(untyped(undefined))).toThrow('hostSupports(): there is no feature undefined');
  });

  it('of fields are', () => {
    const tasks = objects.openObject(readFileSync('programs/task_record.bpf.o'));
    const layout = api.recordLayoutOf(tasks, 'task_record');
    expect(() => layout.encode({ pidd: 1 })).toThrow("struct task_record has no field pidd (did you mean 'pid'?)");
    expect(() => layout.encode({ moons: 1 })).toThrow('has no field moons; it has pid, ');
  });
});

const refusals: readonly (readonly [what: string, call: (parts: Parts) => unknown, message: string | RegExp])[] = [
  ['an option that is none', ({ kernel }) => kernel.load(object(), untyped({ program: [] })), "not 'program'"],
  ['options that are none', ({ kernel }) => kernel.load(object(), untyped(null)), 'load() takes options'],
  ['a level that is none', ({ kernel }) => kernel.load(object(), { logLevel: 99 }), "'logLevel' of load() takes a sum"],
  ['a transform that is none', ({ kernel }) => kernel.load(object(), { transform: untyped(5) }), 'a function'],
  ['no map', ({ kernel }) => kernel.openMap(untyped(undefined)), 'openMap() takes a map, or one of'],
  ['a map by nothing', ({ kernel }) => kernel.openMap(untyped({})), 'not an object without any'],
  ['a map by two', ({ kernel }) => kernel.openMap(untyped({ id: 1, name: 'x' })), "not 'id' and 'name'"],
  ['a map by what is none', ({ kernel }) => kernel.openMap(untyped({ idd: 1 })), "not 'idd'"],
  ['a map by a wrong type', ({ kernel }) => kernel.openMap(untyped({ id: '1' })), "'id' of openMap() takes a number"],
  ['a link by nothing', ({ kernel }) => kernel.openLink(untyped({})), 'openLink() takes one of { id } and { pinned }'],
  ['no name', ({ loaded }) => loaded.map(untyped(undefined)), 'map() takes the name of a map'],
  ['no program', ({ loaded }) => loaded.program(untyped(undefined)), 'program() takes the name of a program'],
  ['a key', ({ loaded }) => loaded.map('counters').lookup(untyped([1, 2, 3, 4])), /keys of \d+ bytes.*not an array/],
  [
    'a value',
    ({ loaded }) => loaded.map('counters').update(new Uint8Array(4), untyped(7)),
    /values of .*not 7; TypedM/,
  ],
  ['an iterated map', ({ loaded }) => loaded.programs[0]?.attachIter({ map: untyped('x') }), 'not "x"'],
  ['another program', ({ link }) => link.update(untyped('dump_entry')), 'update() takes a program'],
  ['a path that is none', ({ link }) => link.pin(untyped(5)), 'a pin takes a path (a string), not 5'],
  [
    'flags',
    ({ loaded }) => loaded.map('counters').update(new Uint8Array(4), new Uint8Array(8), untyped('x')),
    'not "x"',
  ],
  ['variables', ({ loaded }) => new api.GlobalVariables(loaded).set(untyped(undefined)), 'set() takes values'],
  ['a variable', ({ loaded }) => new api.GlobalVariables(loaded).get(untyped(undefined)), 'get() takes the name'],
  ['no layout', ({ link }) => first(link.open().records(untyped(undefined))), 'the layout of its records'],
  ['no signal', ({ link }) => link.open().text({ signal: untyped(5) }), 'signal takes an AbortSignal, not 5'],
  ['no options', ({ link }) => link.open().text(untyped(null)), 'reading takes options'],
  ['a run', ({ loaded }) => loaded.programs[0]?.run({ data: untyped('x') }), /'data' of a run .* takes bytes/],
  ['an option of a run', ({ loaded }) => loaded.programs[0]?.run(untyped({ dta: 1 })), "not 'dta'"],
];

function refuses(kind: 'embedded' | 'host'): void {
  it.each(refusals)('refuses %s', async (_, call, message) => {
    const source = embedded.objectsSource({ tasks: [{ pid: 1 }] });
    using kernel = await api.openKernel(kind === 'host' ? { kernel: kind } : { kernel: kind, source });
    using loaded = await kernel.load(object());
    using link = loaded.program('dump_entry').attachIter({ map: loaded.map('counters') });
    const refused = expect((async () => call({ kernel, loaded, link }))()).rejects;
    const matching = typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message);
    await refused.toMatchObject({ code: 'usage', message: matching });
  });
}

describe('the embedded kernel', () => refuses('embedded'));
describeOnHost('the host kernel', () => refuses('host'));

interface Parts {
  readonly kernel: api.Kernel;
  readonly loaded: api.LoadedObject;
  readonly link: api.Link;
}

const first = async (records: AsyncGenerator<unknown>): Promise<unknown> => (await records.next()).value;
