/**
 * The programs of fixtures/ against what the kernel said of each. The answers are recorded beside this file, anew with
 * BPFITER_RECORD=1 as root on the kernel of the profile.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import { Btf } from '../../../src/btf/index.ts';
import { BpfiterError } from '../../../src/errors.ts';
import { openHostKernel } from '../../../src/host/index.ts';
import { openObject } from '../../../src/index.ts';
import { decisiveLine, parseStatistics } from '../../../src/kernel-log.ts';
import { link } from '../../../src/object/index.ts';
import { DescribedTarget, linux618, VerifierInput, verify } from '../../../src/verifier/index.ts';

interface Answer {
  readonly verdict: string;
  readonly errno: number;
  readonly message: string;
  /** Instructions that were processed. */
  readonly insns: number;
}

interface Recording {
  readonly kernel: string;
  readonly objects: Readonly<Record<string, Readonly<Record<string, Answer>>>>;
}

const OBJECTS = ['callbacks', 'dynptrs', 'iterators', 'kinds', 'maps', 'objects', 'references'] as const;
const RECORDING = new URL('recorded.json', import.meta.url);
const VMLINUX = '/sys/kernel/btf/vmlinux';
const VERSION = (6 << 16) + (18 << 8);
const STATISTICS = 4;
/** Milliseconds: one runs into the limit of instructions. */
const LONGEST = 600_000;

const bytesOf = (object: string): Uint8Array => readFileSync(new URL(`fixtures/${object}.bpf.o`, import.meta.url));

if (process.env.BPFITER_RECORD === '1') await record();
const { kernel, objects }: Recording = JSON.parse(readFileSync(RECORDING, 'utf8'));
const isPossible = release().startsWith('6.18.') && existsSync(VMLINUX);

describe.skipIf(!isPossible)(
  `programs with kfuncs${isPossible ? '' : ' (skipped: needs the BTF of Linux 6.18)'}`,
  () => {
    const btf = isPossible ? Btf.parse(readFileSync(VMLINUX), { name: 'vmlinux' }) : undefined;

    describe.each(OBJECTS)('%s.bpf.o', (object) => {
      const answers = objects[object] ?? {};
      test('all its programs have answers', () => {
        const { programs } = openObject(bytesOf(object), { name: object });
        expect(programs.map(({ name }) => name).sort()).toEqual(Object.keys(answers).sort());
      });
      test.each(Object.entries(answers))(
        `%s gets the verdict of Linux ${kernel}`,
        (program, answer) => {
          if (btf === undefined) throw new Error('skipped');
          expect(askVerifier(object, program, btf)).toEqual(answer);
        },
        LONGEST,
      );
    });
  },
);

function askVerifier(object: string, program: string, btf: Btf): Answer {
  const opened = openObject(bytesOf(object), { name: object });
  const linked = link(opened, new DescribedTarget({ btf, version: VERSION }), { programs: [program] });
  const chosen = linked.programs.find((candidate) => candidate.program.name === program);
  if (chosen === undefined) throw new Error(`no program ${program}`);
  const profile = linux618(btf);
  const input = new VerifierInput(linked, object, profile);
  const target = chosen.program.attachTarget?.name;
  const { verdict, errno, message, statistics } = verify(input.program(chosen), profile, {
    allocatedTypes: input.allocatedTypes(),
    ...(target !== undefined && { target }),
  });
  return { verdict, errno, message, insns: statistics.insnsProcessed };
}

async function record(): Promise<void> {
  using host = openHostKernel();
  const answers: Record<string, Record<string, Answer>> = {};
  for (const object of OBJECTS) {
    const recorded: Record<string, Answer> = {};
    answers[object] = recorded;
    for (const { name } of openObject(bytesOf(object), { name: object }).programs)
      recorded[name] = await askKernel(host, object, name);
  }
  writeFileSync(RECORDING, `${JSON.stringify({ kernel: release(), objects: answers }, undefined, 2)}\n`);
}

async function askKernel(host: ReturnType<typeof openHostKernel>, object: string, name: string): Promise<Answer> {
  try {
    const opened = openObject(bytesOf(object), { name: object });
    using loaded = await host.load(opened, { programs: [name], logLevel: STATISTICS });
    return { verdict: 'accept', errno: 0, message: '', insns: parseStatistics(loaded.program(name).log).insns };
  } catch (error) {
    if (!(error instanceof BpfiterError)) throw error;
    const log = error.detail ?? '';
    const message = decisiveLine(log) ?? error.message;
    return { verdict: 'reject', errno: error.errno ?? 0, message, insns: parseStatistics(log).insns };
  }
}
