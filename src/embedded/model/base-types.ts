/**
 * The integers of C on a 64-bit machine, and the typedefs that the kernel builds on them.
 * Names are those that compilers write into BTF, sizes those of the x86-64 ABI (which arm64 shares for them).
 */
import { part } from './declarations.ts';

export interface Integer {
  readonly name: string;
  readonly size: number;
  readonly signed: boolean;
  readonly bool?: true;
}

const INTEGERS: readonly Integer[] = [
  { name: 'char', size: 1, signed: true },
  { name: 'signed char', size: 1, signed: true },
  { name: 'unsigned char', size: 1, signed: false },
  { name: 'short int', size: 2, signed: true },
  { name: 'short unsigned int', size: 2, signed: false },
  { name: 'int', size: 4, signed: true },
  { name: 'unsigned int', size: 4, signed: false },
  { name: 'long int', size: 8, signed: true },
  { name: 'long unsigned int', size: 8, signed: false },
  { name: 'long long int', size: 8, signed: true },
  { name: 'long long unsigned int', size: 8, signed: false },
  { name: '_Bool', size: 1, signed: false, bool: true },
  { name: '__int128', size: 16, signed: true },
  { name: '__int128 unsigned', size: 16, signed: false },
];

const sortWords = (name: string): string => name.split(' ').sort().join(' ');

/** By its words in any order, with and without an `int` that says nothing. */
const BY_WORDS: ReadonlyMap<string, Integer> = new Map(
  INTEGERS.flatMap((integer): (readonly [string, Integer])[] => {
    const { name } = integer;
    const short = name.replace(/^(short|long long|long)(.*) int$/, '$1$2');
    return [
      [sortWords(name), integer],
      [sortWords(short), integer],
      ...(name === 'unsigned int' ? ([['unsigned', integer]] as const) : []),
    ];
  }),
);

/** `unsigned long` -> `long unsigned int`. */
export const integerNamed = (words: string): Integer | undefined => BY_WORDS.get(sortWords(words));

export const baseTypes = part(
  'Names of integers',
  'What the kernel calls integers of a size or of a purpose. Facts: the typedefs in the BTF of Linux 6.18.',
  `
  typedef signed char __s8;
  typedef unsigned char __u8;
  typedef short __s16;
  typedef unsigned short __u16;
  typedef int __s32;
  typedef unsigned int __u32;
  typedef long long __s64;
  typedef unsigned long long __u64;
  typedef __s8 s8;
  typedef __u8 u8;
  typedef __s16 s16;
  typedef __u16 u16;
  typedef __s32 s32;
  typedef __u32 u32;
  typedef __s64 s64;
  typedef __u64 u64;
  typedef __u8 uint8_t;
  typedef __u16 uint16_t;
  typedef __u32 uint32_t;
  typedef __u64 uint64_t;
  typedef __u16 __be16;
  typedef __u32 __be32;
  typedef __u64 __be64;
  typedef __u16 __le16;
  typedef __u32 __le32;
  typedef __u64 __le64;
  typedef __u16 __sum16;
  typedef __u32 __wsum;
  typedef _Bool bool;
  typedef long __kernel_long_t;
  typedef unsigned long __kernel_ulong_t;
  typedef int __kernel_pid_t;
  typedef unsigned int __kernel_uid32_t;
  typedef unsigned int __kernel_gid32_t;
  typedef __kernel_ulong_t __kernel_size_t;
  typedef __kernel_long_t __kernel_ssize_t;
  typedef long long __kernel_loff_t;
  typedef long long __kernel_time64_t;
  typedef int __kernel_clockid_t;
  typedef __kernel_pid_t pid_t;
  typedef __kernel_uid32_t uid_t;
  typedef __kernel_gid32_t gid_t;
  typedef __kernel_size_t size_t;
  typedef __kernel_ssize_t ssize_t;
  typedef __kernel_loff_t loff_t;
  typedef __kernel_clockid_t clockid_t;
  typedef __s64 time64_t;
  typedef u64 sector_t;
  typedef unsigned short umode_t;
  typedef unsigned int fmode_t;
  typedef unsigned int gfp_t;
  typedef u32 __kernel_dev_t;
  typedef __kernel_dev_t dev_t;
  typedef u32 errseq_t;
  typedef unsigned int tid_t;
  typedef struct { int counter; } atomic_t;
  typedef struct { s64 counter; } atomic64_t;
  typedef atomic64_t atomic_long_t;
  typedef struct { uid_t val; } kuid_t;
  typedef struct { gid_t val; } kgid_t;
  struct refcount_struct { atomic_t refs; };
  typedef struct refcount_struct refcount_t;
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct hlist_node { struct hlist_node *next; struct hlist_node **pprev; };
  struct hlist_head { struct hlist_node *first; };
  `,
);
