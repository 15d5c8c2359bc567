/**
 * `bpfiter prog dump OBJ`: the instructions of a program as they go to the kernel, linked; with `--wat` what the
 * embedded kernel makes of them.
 */
import { Btf } from '../../btf/index.ts';
import { BpfiterError } from '../../errors.ts';
import type { BpfObject, Kernel } from '../../index.ts';
import { link, type ObjectProgram } from '../../object/index.ts';
import { formatJson } from '../../records/index.ts';
import type { Invocation } from '../command.ts';
import { baseName, naming } from '../failures.ts';
import { openObjectFile, programOf } from '../objects.ts';
import { write, writeLine } from '../output.ts';
import { programLines, programText } from '../program-text.ts';

/** One object a line in JSON; the fields are stable. */
interface DumpLine {
  /** Base name of the object file. */
  readonly object: string;
  readonly program: string;
  /** The one that the program was linked for. */
  readonly kernel: 'host' | 'embedded';
  /** `function` is there where a function begins. */
  readonly instructions?: readonly { readonly insn: number; readonly text: string; readonly function?: string }[];
  readonly wat?: string;
}

export async function dumpProgram(invocation: Invocation): Promise<number> {
  const { words, options } = invocation;
  const path = words.expect('OBJ, the object file,');
  words.end();
  const object = await openObjectFile(path);
  const { name } = await naming(path, async () => theProgram(object, options.program));
  const kernel = options.wat === true ? await invocation.openEmbeddedKernel() : await invocation.openKernel();
  return naming(path, async () => {
    const subject = { object: baseName(path), program: name, kernel: kernel.kind };
    if (options.wat === true) await print(invocation, { ...subject, wat: await watOf(kernel, object, name) });
    else await print(invocation, { ...subject, instructions: instructionsOf(kernel, object, name) });
    return 0;
  });
}

function theProgram(object: BpfObject, name: string | undefined): ObjectProgram {
  if (name !== undefined) return programOf(object, name);
  const [program, ...others] = object.programs;
  if (program !== undefined && others.length === 0) return program;
  const names = object.programs.map((each) => each.name).join(', ');
  throw new BpfiterError(
    'usage',
    names === '' ? 'it has no programs' : `say which program with --program NAME; it has ${names}`,
  );
}

function instructionsOf(kernel: Kernel, object: BpfObject, name: string) {
  const { programs, btf } = link(object, kernel.target, { programs: [name] });
  const linked = programs.find(({ program }) => program.name === name);
  if (linked === undefined) throw new Error(`linking left out program '${name}'`);
  return [...programLines(linked, btf && Btf.parse(btf, { name: object.name }), kernel.btf())];
}

async function watOf(kernel: Kernel, object: BpfObject, name: string): Promise<string> {
  const { EmbeddedProgram } = await import('../../embedded/index.ts');
  const { printWat } = await import('../../jit/index.ts');
  using loaded = await kernel.load(object, { programs: [name] });
  const program = loaded.program(name);
  if (!(program instanceof EmbeddedProgram)) throw new Error('only the embedded kernel compiles programs');
  return printWat(program.compiled);
}

async function print({ jsonIndent }: Invocation, line: DumpLine): Promise<void> {
  if (jsonIndent !== undefined) await writeLine(formatJson(line, jsonIndent));
  else if (line.wat !== undefined) await write(line.wat);
  else for (const text of programText(line.instructions ?? [])) await writeLine(text);
}
