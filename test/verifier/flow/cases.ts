/**
 * Programs that the kernel judges without walking their paths, or after: their shape, functions, arguments by BTF,
 * stack depth. Most in pairs: one that Linux accepts and its twin that it refuses. What the kernel said of each is in
 * recorded.json.
 */
import type { Case, CaseMap } from '../kernel-answers.ts';

const BPF_F_SLEEPABLE = 1 << 4;

export const maps: Readonly<Record<string, CaseMap>> = {
  one: { type: 'array', keySize: 4, valueSize: 16, entries: 1 },
  two: { type: 'array', keySize: 4, valueSize: 16, entries: 2 },
  hash: { type: 'hash', keySize: 4, valueSize: 16, entries: 1 },
  programs: { type: 'prog_array', keySize: 4, valueSize: 4, entries: 1 },
};

const shape: readonly Case[] = [
  { name: 'a program ends with exit', code: 'r0 = 0; exit' },
  { name: 'a program does not run off its end', code: 'r0 = 0' },
  { name: 'a program may end with a jump back', code: 'goto end; out:; r0 = 0; exit; end:; goto out' },
  { name: 'a conditional jump is no end', code: 'r0 = 0; back:; exit; if r0 == 0 goto back' },
  { name: 'a call is no end', code: 'r0 = 0; exit; call bpf_ktime_get_ns' },
  { name: 'jumps stay behind the beginning', code: 'r0 = 0; goto x; x:; exit', patches: [[1, 'off', -3]] },
  { name: 'jumps stay before the end', code: 'r0 = 0; goto x; x:; exit', patches: [[1, 'off', 1]] },
  {
    name: 'a jump just past the end is out of range',
    code: 'r0 = 0; if r0 == 0 goto x; x:; exit',
    patches: [[1, 'off', 2]],
  },
  {
    name: 'a long jump may be too long to count',
    code: 'r0 = 0; goto x; x:; exit',
    patches: [
      [1, 'code', 6],
      [1, 'imm', 0x7fffffff],
    ],
  },
  {
    name: 'a long jump counts by imm',
    code: 'r0 = 0; goto x; x:; exit',
    patches: [
      [1, 'code', 6],
      [1, 'imm', 7],
    ],
  },
  { name: 'a jump does not lead into another function', code: 'r0 = 0; call f; goto x; exit; f:; r0 = 0; x:; exit' },
  { name: 'a function does not run into the next', code: 'call f; r0 = 0; f:; r0 = 0; exit' },
  { name: 'nothing stands behind the end', code: 'r0 = 0; exit; r0 = 1; exit' },
  { name: 'nothing is jumped over for good', code: 'r0 = 0; goto x; r0 = 1; x:; exit' },
  { name: 'a branch never taken is still reachable', code: 'r0 = 0; if r0 == 0 goto x; r0 = 1; x:; exit' },
  { name: 'a function that nobody calls cannot be reached', code: 'r0 = 0; exit; f:; r0 = 0; exit' },
  { name: 'an address makes a function reachable', code: 'r1 = &f; r0 = 0; exit; f:; r0 = 0; exit' },
  {
    name: 'no jump leads into the middle of ld_imm64',
    code: 'r0 = 0; if r0 == 1 goto x; r1 = 5 ll; x:; exit',
    patches: [[1, 'off', 1]],
  },
  { name: 'a call leads into the program', code: 'call x; x:; r0 = 0; exit', patches: [[0, 'imm', 2]] },
  { name: 'a call does not lead before the program', code: 'call x; x:; r0 = 0; exit', patches: [[0, 'imm', -2]] },
  { name: 'a function address lies within the program', code: 'r1 = &x; x:; r0 = 0; exit', patches: [[0, 'imm', 9]] },
  { name: 'a call of oneself never ends', code: 'call x; exit; x:; call y; exit; y:; call x; exit' },
  {
    name: 'a loop may be entered in the middle',
    code: 'r0 = 0; goto in; top:; r0 += 1; in:; if r0 < 5 goto top; exit',
  },
];

const instructions: readonly Case[] = [
  { name: 'a load has no imm', code: 'r0 = *(u64 *)(r10 -8); exit', patches: [[0, 'imm', 1]] },
  { name: 'a load of an unknown mode is refused', code: 'r0 = *(u64 *)(r10 -8); exit', patches: [[0, 'code', 0x99]] },
  { name: 'a load of 64 bits is not sign-extended', code: 'r0 = *(u64 *)(r10 -8); exit', patches: [[0, 'code', 0x99]] },
  { name: 'ld_imm64 needs its second half', code: 'r0 = 0; exit', patches: [[1, 'code', 0x18]] },
  { name: 'the second half of ld_imm64 has no code', code: 'r0 = 1 ll; exit', patches: [[1, 'code', 0xb7]] },
  { name: 'the second half of ld_imm64 has no dst', code: 'r0 = 1 ll; exit', patches: [[1, 'dst', 1]] },
  { name: 'the second half of ld_imm64 has no src', code: 'r0 = 1 ll; exit', patches: [[1, 'src', 1]] },
  { name: 'the second half of ld_imm64 has no off', code: 'r0 = 1 ll; exit', patches: [[1, 'off', 1]] },
  { name: 'ld_imm64 of an unknown kind is refused', code: 'r0 = 1 ll; exit', patches: [[0, 'src', 7]] },
  {
    name: 'ld_imm64 of a descriptor of no map is refused',
    code: 'r0 = -1 ll; exit',
    patches: [
      [0, 'src', 1],
      [1, 'imm', 0],
    ],
  },
  {
    name: 'ld_imm64 of a map has no second half',
    code: 'r0 = 1 ll; exit',
    patches: [
      [0, 'src', 1],
      [1, 'imm', 1],
    ],
  },
  {
    name: 'a value of no map is refused',
    code: 'r0 = -1 ll; exit',
    patches: [
      [0, 'src', 2],
      [1, 'imm', 0],
    ],
  },
  { name: 'gotox came after Linux 6.18', code: 'goto x; x:; r0 = 0; exit', patches: [[0, 'code', 0x0d]] },
  { name: 'callx is not known', code: 'goto x; x:; r0 = 0; exit', patches: [[0, 'code', 0x8d]] },
  { name: 'exit has no 32-bit form', code: 'r0 = 0; exit', patches: [[1, 'code', 0x96]] },
  { name: 'a code of zero is unknown', code: 'r0 = 0; exit', patches: [[0, 'code', 0]] },
  {
    name: 'an unknown code in dead code is refused too',
    code: 'r0 = 0; exit; r0 = 0; exit',
    patches: [[2, 'code', 0xff]],
  },
  { name: 'the value of a map of one element has an address', code: 'r1 = value[one] +8; r0 = 0; exit' },
  { name: 'the last byte of a value has an address', code: 'r1 = value[one] +15; r0 = 0; exit' },
  { name: 'the byte after a value has none', code: 'r1 = value[one] +16; r0 = 0; exit' },
  { name: 'an offset of half a gigabyte is none', code: 'r1 = value[one] +536870912; r0 = 0; exit' },
  { name: 'a smaller one is looked at', code: 'r1 = value[one] +536870911; r0 = 0; exit' },
  { name: 'an array of two has no value', code: 'r1 = value[two] +0; r0 = 0; exit' },
  { name: 'a hash has no value', code: 'r1 = value[hash] +0; r0 = 0; exit' },
  {
    name: 'a sleepable program uses no program array',
    section: 'syscall',
    flags: BPF_F_SLEEPABLE,
    code: 'r1 = map[programs]; r0 = 0; exit',
  },
  {
    name: 'a sleepable program uses a hash',
    section: 'syscall',
    flags: BPF_F_SLEEPABLE,
    code: 'r1 = map[hash]; r0 = 0; exit',
  },
];

const kfuncs: readonly Case[] = [
  {
    name: 'kfuncs are for GPL programs',
    license: 'MIT',
    code: 'call kfunc bpf_rcu_read_lock; call kfunc bpf_rcu_read_unlock; r0 = 0; exit',
  },
  {
    name: 'a kfunc has a BTF id of a function',
    code: 'call kfunc bpf_rcu_read_lock; r0 = 0; exit',
    patches: [[0, 'imm', 1]],
  },
  {
    name: 'a kfunc has an id within the BTF',
    code: 'call kfunc bpf_rcu_read_lock; r0 = 0; exit',
    patches: [[0, 'imm', 99999999]],
  },
  { name: 'a kfunc has no negative id', code: 'call kfunc bpf_rcu_read_lock; r0 = 0; exit', patches: [[0, 'imm', -1]] },
  {
    name: 'a missing kfunc in dead code does no harm',
    code: 'r0 = 0; if r0 == 0 goto x; call kfunc bpf_rcu_read_lock; x:; exit',
    patches: [[2, 'imm', 0]],
  },
  {
    name: 'a kfunc of a module needs a list of modules',
    code: 'call kfunc bpf_rcu_read_lock; r0 = 0; exit',
    patches: [[0, 'off', 1]],
  },
  {
    name: 'a kfunc of a module has no negative index',
    code: 'call kfunc bpf_rcu_read_lock; r0 = 0; exit',
    patches: [[0, 'off', -1]],
  },
  {
    name: 'hints of a network card need a program bound to one',
    section: 'xdp',
    code: 'call kfunc bpf_xdp_metadata_rx_hash; r0 = 0; exit',
  },
];

const two = 'call f; r0 = 0; exit; f:; r0 = 0; exit';
const functions: readonly Case[] = [
  { name: 'each function has a record', functions: ['int main(void *ctx)', 'static int f()'], code: two },
  { name: 'a function without a record is refused', functions: ['int main(void *ctx)'], code: two },
  {
    name: 'a record without a function is refused',
    functions: ['int main(void *ctx)', 'static int f()', 'static int g()'],
    code: 'call f; r0 = 0; exit; f:; r0 = 0; g:; exit',
  },
  {
    name: 'a record is where its function is',
    functions: ['int main(void *ctx)', 'static int g()'],
    code: 'call f; r0 = 0; exit; f:; r0 = 0; g:; exit',
  },
  {
    name: 'records are in order',
    functions: ['int main(void *ctx)', 'static int g()', 'static int f()'],
    code: 'call f; call g; exit; f:; r0 = 0; exit; g:; r0 = 0; exit',
  },
  {
    name: 'tail calls in functions need BTF',
    section: 'tc',
    code: 'call f; r0 = 0; exit; f:; r2 = map[programs]; r3 = 0; call bpf_tail_call; r0 = 0; exit',
  },
  {
    name: 'tail calls are for functions that return a number',
    section: 'tc',
    functions: ['int main(struct __sk_buff *ctx)', 'static void f(void *ctx)'],
    code: 'call f; r0 = 0; exit; f:; r2 = map[programs]; r3 = 0; call bpf_tail_call; r0 = 0; exit',
  },
  {
    name: 'a function that returns a number may call a program',
    section: 'tc',
    functions: ['int main(struct __sk_buff *ctx)', 'static int f(void *ctx)'],
    code: 'call f; r0 = 0; exit; f:; r2 = map[programs]; r3 = 0; call bpf_tail_call; r0 = 0; exit',
  },
  {
    name: 'loads of a packet in functions need BTF',
    code: 'r6 = r1; call f; r0 = 0; exit; f:; r6 = r1; r0 = 0; r0 = 0; exit',
    patches: [
      [5, 'code', 0x20],
      [5, 'dst', 0],
    ],
  },
  {
    name: 'loads of a packet are for functions that return a number',
    functions: ['int main(struct __sk_buff *ctx)', 'static void f(void *ctx)'],
    code: 'r6 = r1; call f; r0 = 0; exit; f:; r6 = r1; r0 = 0; r0 = 0; exit',
    patches: [
      [5, 'code', 0x20],
      [5, 'dst', 0],
    ],
  },
];

const typed = ['int main(void *ctx)', 'static int f()'];
const lines: readonly Case[] = [
  { name: 'each function has a line', functions: typed, lines: [[0], [3]], code: two },
  { name: 'more lines do no harm', functions: typed, lines: [[0], [1], [3], [4]], code: two },
  { name: 'the main function has a line', functions: typed, lines: [[1], [3]], code: two },
  { name: 'a function in between has a line', functions: typed, lines: [[0], [4]], code: two },
  { name: 'the last function has a line', functions: typed, lines: [[0], [1]], code: two },
  { name: 'lines are in order', functions: typed, lines: [[0], [3], [3]], code: two },
  { name: 'a line belongs to an instruction', functions: typed, lines: [[0], [3], [5]], code: two },
  {
    name: 'a line belongs to a whole instruction',
    functions: ['int main(void *ctx)'],
    lines: [[0], [1]],
    code: 'r0 = 1 ll; exit',
  },
  { name: 'a line has strings', functions: typed, lines: [[0], [3, 100_000]], code: two },
];

const exceptions: readonly Case[] = [
  {
    name: 'a tag names the exception callback',
    functions: ['int main(void *ctx) @exception_callback:f', 'int f(u64 cookie)'],
    code: 'r0 = 0; exit; f:; r0 = 0; exit',
  },
  {
    name: 'there is one exception callback',
    functions: ['int main(void *ctx) @exception_callback:f @exception_callback:g', 'int f(u64 cookie)'],
    code: 'r0 = 0; exit; f:; r0 = 0; exit',
  },
  {
    name: 'an exception callback exists',
    functions: ['int main(void *ctx) @exception_callback:g', 'int f(u64 cookie)'],
    code: two,
  },
  {
    name: 'an exception callback is global',
    functions: ['int main(void *ctx) @exception_callback:f', 'static int f(u64 cookie)'],
    code: 'r0 = 0; exit; f:; r0 = 0; exit',
  },
  {
    name: 'the main function is no exception callback',
    functions: ['int main(void *ctx) @exception_callback:main'],
    code: 'r0 = 0; exit',
  },
  {
    name: 'an exception callback takes one number',
    functions: ['int main(void *ctx) @exception_callback:f', 'int f(u64 cookie, u64 more)'],
    code: 'r0 = 0; exit; f:; r0 = 0; exit',
  },
  {
    name: 'an exception callback takes no pointer',
    functions: ['int main(void *ctx) @exception_callback:f', 'int f(struct __sk_buff *ctx)'],
    code: 'r0 = 0; exit; f:; r0 = 0; exit',
  },
  {
    name: 'an exception callback returns a number',
    functions: ['int main(void *ctx) @exception_callback:f', 'void f(u64 cookie)'],
    code: 'r0 = 0; exit; f:; r0 = 0; exit',
  },
];

const withTwo = ['int main(void *ctx)', 'static int f()', 'static int g()'];
const addresses: readonly Case[] = [
  {
    name: 'the address of a function that never runs is one of nothing',
    functions: withTwo.slice(0, 2),
    code: 'r1 = &f; r0 = 0; exit; f:; r0 = 0; exit',
  },
  {
    name: 'where other functions are left, it must be that of one',
    functions: [...withTwo.slice(0, 1), 'static int g()', 'static int f()'],
    code: 'r1 = &f; call g; r0 = 0; exit; g:; r0 = 0; exit; f:; r0 = 0; exit',
  },
  {
    name: 'the function behind one that never runs takes its address',
    functions: withTwo,
    code: 'r1 = &f; call g; r0 = 0; exit; f:; r0 = 0; exit; g:; r0 = 0; exit',
  },
  {
    name: 'but not where code before it goes too',
    functions: withTwo,
    code: 'r1 = &f; call g; r0 = 0; if r0 == 0 goto x; r0 = 1; r0 = 2; exit; x:; exit; f:; r0 = 0; exit; g:; r0 = 0; exit',
  },
  {
    name: 'an address in dead code is none',
    functions: [...withTwo.slice(0, 1), 'static int g()', 'static int f()'],
    code: 'call g; r0 = 0; if r0 == 0 goto x; r1 = &f; x:; exit; g:; r0 = 0; exit; f:; r0 = 0; exit',
  },
  {
    name: 'what Linux calls for an exception stands behind what is left',
    section: 'tc',
    functions: withTwo.slice(0, 2),
    code: 'r2 = &f; r1 = 0; call kfunc bpf_throw; r0 = 0; exit; f:; r0 = 0; exit',
  },
];

/** A global function with that prototype, called with what `setup` puts into its registers. */
function called(
  name: string,
  prototype: string,
  { section, body = 'r0 = 0; exit', setup = '' }: { section?: string; body?: string; setup?: string } = {},
): Case {
  return {
    name,
    ...(section !== undefined && { section }),
    functions: ['int main(void *ctx)', prototype],
    code: `${setup}; call f; r0 = 0; exit; f:; ${body}`,
  };
}

const numbers = 'r1 = 1; r2 = 2; r3 = 3; r4 = 4; r5 = 5';
const args: readonly Case[] = [
  called('numbers and enumerations are numbers', 'int f(u64 a, char b, enum e c, typedef t d)', { setup: numbers }),
  called('a pointer is no number', 'int f(u64 a)'),
  called('a function takes five arguments', 'int f(u8 a, u8 b, u8 c, u8 d, u8 e)', { setup: numbers }),
  called('a function takes no sixth', 'int f(u8 a, u8 b, u8 c, u8 d, u8 e, u8 g)', { setup: numbers }),
  called('a global function returns a number', 'void f(u64 a)', { setup: numbers }),
  called('a global function returns no pointer', 'int *f(u64 a)', { setup: numbers }),
  called('a static function may return nothing', 'static void f(u64 a)', { setup: numbers }),
  called('a struct is no argument', 'int f(struct s:8 a)', { setup: numbers }),
  called('a pointer to the struct of the context is the context', 'int f(struct __sk_buff *ctx)', {
    body: 'r0 = *(u32 *)(r1 +0); exit',
  }),
  called("so is one to the kernel's own", 'int f(struct sk_buff *ctx)', { body: 'r0 = *(u32 *)(r1 +0); exit' }),
  called('a number is no context', 'int f(struct __sk_buff *ctx)', { setup: numbers }),
  called('a tag makes a context of any pointer', 'int f(void *ctx @arg:ctx)', { body: 'r0 = *(u32 *)(r1 +0); exit' }),
  called('but not of one to another struct', 'int f(struct xdp_md:8 *ctx @arg:ctx)'),
  called('nor of one to a type without a name', 'int f(int **ctx @arg:ctx)'),
  called('nor of one with other tags', 'int f(void *ctx @arg:ctx @arg:nonnull)'),
  called('a kprobe may name registers', 'int f(struct pt_regs:168 *ctx)', {
    section: 'kprobe',
    body: 'r0 = *(u64 *)(r1 +0); exit',
  }),
  called('a typedef of registers is a context by its name', 'int f(struct bpf_user_pt_regs_t:168 *ctx)', {
    section: 'kprobe',
    body: 'r0 = *(u64 *)(r1 +0); exit',
  }),
  called('a tracepoint takes what it likes for a context', 'int f(struct s:8 *ctx @arg:ctx)', {
    section: 'tracepoint',
    body: 'r0 = *(u64 *)(r1 +8); exit',
  }),
  called('a raw tracepoint may have words', 'int f(u64 *ctx @arg:ctx)', {
    section: 'raw_tp',
    body: 'r0 = *(u64 *)(r1 +0); exit',
  }),
  called('a raw tracepoint has no half words', 'int f(u32 *ctx @arg:ctx)', { section: 'raw_tp' }),
  called('a program of a system call takes any pointer', 'int f(u32 *ctx @arg:ctx)', { section: 'syscall' }),
  called('a pointer is memory of that size or NULL', 'int f(int *p)', {
    setup: '*(u32 *)(r10 -4) = 0; r1 = r10; r1 += -4',
    body: 'r0 = 0; if r1 == 0 goto x; r0 = *(u32 *)(r1 +0); x:; exit',
  }),
  called('memory that is too small does not fit', 'int f(struct s:16 *p)', {
    setup: '*(u64 *)(r10 -8) = 0; r1 = r10; r1 += -8',
  }),
  called('a number is no memory', 'int f(int *p)', { setup: 'r1 = 1' }),
  called('it must be compared with NULL', 'int f(int *p)', {
    setup: '*(u32 *)(r10 -4) = 0; r1 = r10; r1 += -4',
    body: 'r0 = *(u32 *)(r1 +0); exit',
  }),
  called('unless it is tagged', 'int f(int *p @arg:nonnull)', {
    setup: '*(u32 *)(r10 -4) = 0; r1 = r10; r1 += -4',
    body: 'r0 = *(u32 *)(r1 +0); exit',
  }),
  called('its size is the limit', 'int f(int *p @arg:nonnull)', {
    setup: '*(u32 *)(r10 -4) = 0; r1 = r10; r1 += -4',
    body: 'r0 = *(u64 *)(r1 +0); exit',
  }),
  called('the caller has all of it', 'int f(u64 *p @arg:nonnull)', {
    setup: '*(u32 *)(r10 -4) = 0; r1 = r10; r1 += -4',
  }),
  called('NULL is given where it may be', 'int f(int *p)', { setup: 'r1 = 0' }),
  called('NULL is not given where it may not be', 'int f(int *p @arg:nonnull)', { setup: 'r1 = 0' }),
  called('memory is NULL by itself', 'int f(int *p @arg:nullable)', { setup: 'r1 = 0' }),
  called('nothing is known of void', 'int f(void *p)', { setup: 'r1 = 0' }),
  called('nothing is known of a struct that is only declared', 'int f(struct s *p)', { setup: 'r1 = 0' }),
  called('pointers are memory of eight bytes', 'int f(int **p)', { setup: '*(u64 *)(r10 -8) = 0; r1 = r10; r1 += -8' }),
  called('a dynptr is a dynptr', 'int f(struct bpf_dynptr *p)', { setup: 'r1 = 0' }),
  called('a dynptr has no tags', 'int f(struct bpf_dynptr *p @arg:nonnull)', { setup: 'r1 = 0' }),
  called('a tag needs a pointer', 'int f(u64 a @arg:nonnull)', { setup: numbers }),
  called('a tag is known', 'int f(int *a @arg:maybe)', { setup: numbers }),
  called('a static function has no tags', 'static int f(int *a @arg:nonnull)', { setup: numbers }),
  called('an arena pointer is a number', 'int f(void *a @arg:arena)', { setup: numbers }),
  called('an arena pointer is nothing else', 'int f(void *a @arg:arena @arg:nonnull)', { setup: numbers }),
  called('a trusted pointer has a type of the kernel', 'int f(struct task_struct:8 *a @arg:trusted)', {
    setup: numbers,
  }),
  called('a type that the kernel lacks is not trusted', 'int f(struct no_such_struct:8 *a @arg:trusted)', {
    setup: numbers,
  }),
  called('a flavour of a type is that type', 'int f(struct task_struct___x:8 *a @arg:trusted @arg:nullable)', {
    setup: 'r1 = 0',
  }),
  called('trust and nonnull are one too much', 'int f(struct task_struct:8 *a @arg:trusted @arg:nonnull)', {
    setup: numbers,
  }),
  called('a trusted pointer may be used', 'int f(struct task_struct:8 *a @arg:trusted @arg:nullable)', {
    setup: 'r1 = 0',
    body: 'r0 = 0; if r1 == 0 goto x; r0 = *(u32 *)(r1 +0); x:; exit',
  }),
  called('a trusted pointer to no struct has no type', 'int f(int *a @arg:trusted)', { setup: 'r1 = 0' }),
  called('a trusted pointer to void has no type', 'int f(void *a @arg:trusted)', { setup: 'r1 = 0' }),
  called('an untrusted pointer may be anything', 'int f(struct task_struct:8 *a @arg:untrusted)', {
    setup: 'r1 = 5',
    body: 'r0 = *(u32 *)(r1 +0); exit',
  }),
  called('untrusted memory is read with a test', 'int f(int *a @arg:untrusted)', {
    setup: 'r1 = 5',
    body: 'r0 = *(u64 *)(r1 +4000); exit',
  }),
  called('untrusted memory is not written', 'int f(int *a @arg:untrusted)', {
    setup: 'r1 = 5',
    body: '*(u32 *)(r1 +0) = 0; r0 = 0; exit',
  }),
  called('untrusted is said alone', 'int f(int *a @arg:untrusted @arg:nullable)', { setup: 'r1 = 5' }),
  called('what the kernel lacks is not even untrusted', 'int f(struct no_such_struct:8 *a @arg:untrusted)', {
    setup: 'r1 = 5',
  }),
];

const calledDirectly: readonly Case[] = [
  {
    name: 'an exception callback is not called',
    functions: ['int main(void *ctx) @exception_callback:f', 'int f(u64 cookie)'],
    code: 'r1 = 0; call f; r0 = 0; exit; f:; r0 = 0; exit',
  },
];

const use = (bytes: number): string => `*(u64 *)(r10 -${bytes}) = 0`;
/** A chain of functions that use so much stack each. */
function chain(...bytes: readonly number[]): string {
  return bytes
    .map(
      (size, i) =>
        `${i === 0 ? '' : `f${i}:; `}${use(size)}; ${i + 1 < bytes.length ? `call f${i + 1}; ` : ''}r0 = 0; exit`,
    )
    .join('; ');
}
const tail = 'r2 = map[programs]; r3 = 0; call bpf_tail_call; r0 = 0; exit';

const stack: readonly Case[] = [
  { name: 'a function has 512 bytes', code: chain(512) },
  { name: 'two functions share 512 bytes', code: chain(256, 256) },
  { name: 'two functions have no more', code: chain(256, 264) },
  { name: 'stack counts in steps of 16 bytes', code: chain(248, 248) },
  { name: 'a step too much is too much', code: chain(264, 248) },
  { name: 'eight functions may call each other', code: chain(8, 8, 8, 8, 8, 8, 8, 8) },
  { name: 'nine may not', code: chain(8, 8, 8, 8, 8, 8, 8, 8, 8) },
  {
    name: 'one after the other counts once',
    code: `${use(16)}; call f1; call f2; r0 = 0; exit; f1:; ${use(480)}; r0 = 0; exit; f2:; ${use(496)}; r0 = 0; exit`,
  },
  {
    name: 'a function in dead code counts too',
    code: `${use(300)}; r0 = 0; if r0 == 0 goto x; call f1; x:; exit; f1:; ${use(480)}; r0 = 0; exit`,
  },
  {
    name: 'dead code of a function uses no stack',
    code: `r0 = 0; if r0 == 0 goto x; ${use(512)}; x:; call f1; r0 = 0; exit; f1:; ${use(480)}; r0 = 0; exit`,
  },
  { name: 'a kprobe has a stack for each larger function', section: 'kprobe', code: chain(512, 512, 512) },
  { name: 'small functions share one even there', section: 'kprobe', code: chain(48, 512, 48, 48, 48, 48, 48, 48) },
  { name: 'a perf event has one too', section: 'perf_event', code: chain(512, 512) },
  { name: 'a raw tracepoint has one too', section: 'raw_tp', code: chain(512, 512) },
  {
    name: 'tail calls leave one stack',
    section: 'kprobe',
    functions: ['int main(void *ctx)', 'static int f1(void *ctx)'],
    code: `${use(512)}; call f1; r0 = 0; exit; f1:; ${use(512)}; ${tail}`,
  },
  {
    name: 'tail calls below 256 bytes',
    section: 'tc',
    functions: ['int main(void *ctx)', 'static int f1(void *ctx)'],
    code: `${use(240)}; call f1; r0 = 0; exit; f1:; ${use(8)}; ${tail}`,
  },
  {
    name: 'no tail calls above',
    section: 'tc',
    functions: ['int main(void *ctx)', 'static int f1(void *ctx)'],
    code: `${use(256)}; call f1; r0 = 0; exit; f1:; ${use(8)}; ${tail}`,
  },
  {
    name: 'global functions do not call each other endlessly',
    functions: ['int main(void *ctx)', 'int f()', 'int g()'],
    code: 'call f; r0 = 0; exit; f:; call g; r0 = 0; exit; g:; call f; r0 = 0; exit',
  },
  {
    name: 'a callback is on the stack of its caller',
    code: `${use(256)}; r1 = 4; r2 = &f; r3 = 0; r4 = 0; call bpf_loop; r0 = 0; exit; f:; ${use(264)}; r0 = 0; exit`,
  },
  {
    name: 'a smaller one has room there',
    code: `${use(256)}; r1 = 4; r2 = &f; r3 = 0; r4 = 0; call bpf_loop; r0 = 0; exit; f:; ${use(256)}; r0 = 0; exit`,
  },
  {
    name: 'an exception callback has a stack of its own',
    functions: ['int main(void *ctx) @exception_callback:f', 'int f(u64 cookie)'],
    code: `${use(512)}; r0 = 0; exit; f:; ${use(512)}; r0 = 0; exit`,
  },
  {
    name: 'an exception callback makes no tail call from below',
    functions: ['int main(struct __sk_buff *ctx) @exception_callback:f', 'int f(u64 cookie)', 'static int g()'],
    section: 'tc',
    code: `r0 = 0; exit; f:; call g; r0 = 0; exit; g:; r1 = 0; if r1 == 0 goto x; ${tail}; x:; r0 = 0; exit`,
  },
];

const throwing: readonly Case[] = [
  { name: 'a program may throw', section: 'tc', code: 'r1 = 0; call kfunc bpf_throw; r0 = 0; exit' },
  {
    name: 'a callback may not',
    section: 'tc',
    code: 'r1 = 4; r2 = &f; r3 = 0; r4 = 0; call bpf_loop; r0 = 0; exit; f:; r1 = 0; call kfunc bpf_throw; r0 = 0; exit',
  },
  {
    name: 'nor what a callback calls',
    section: 'tc',
    code: 'r1 = 4; r2 = &f; r3 = 0; r4 = 0; call bpf_loop; r0 = 0; exit; f:; call g; r0 = 0; exit; g:; r1 = 0; call kfunc bpf_throw; r0 = 0; exit',
  },
  {
    name: 'what is only named may',
    section: 'tc',
    code: 'r2 = &f; call f; r0 = 0; exit; f:; r1 = 0; call kfunc bpf_throw; r0 = 0; exit',
  },
];

/** By the rule that they are about; docs/parity.md has the rules. */
export const rules: Readonly<Record<string, readonly Case[]>> = {
  'The shape of a program': shape,
  'Which instructions there are': instructions,
  'Addresses of functions': addresses,
  'Which kfuncs there are': kfuncs,
  'Functions and their BTF': functions,
  'Source lines': lines,
  Exceptions: [...exceptions, ...throwing, ...calledDirectly],
  'Arguments of global functions, and their tags': args,
  'Depth of the stack': stack,
};

export const cases: readonly Case[] = Object.values(rules).flat();
