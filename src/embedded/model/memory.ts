/**
 * Address spaces and their areas. The form of sources is that of tasks.ts; sizes in `status` are in kB and become pages.
 * Facts: names and types are those of Linux 6.18; fs/proc/task_mmu.c, fs/proc/array.c.
 */
import { part, struct } from './declarations.ts';

export const memory = part(
  'Memory',
  'Address spaces and their areas.',
  `
  typedef unsigned long vm_flags_t;
  struct kref { refcount_t refcount; };
  enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };
  `,
  [
    struct('mm_struct', 'An address space. Addresses are told only where ptrace(2) would be permitted.', [
      ['atomic_long_t pgtables_bytes', 'Bytes of page tables.', 'status VmPTE bytes'],
      ['unsigned long hiwater_rss', 'Most pages in memory at a time.', 'status VmHWM pages'],
      ['unsigned long hiwater_vm', 'Most pages mapped at a time.', 'status VmPeak pages'],
      ['unsigned long total_vm', 'Pages mapped.', 'status VmSize pages'],
      ['unsigned long locked_vm', 'Pages locked in memory.', 'status VmLck pages'],
      ['atomic64_t pinned_vm', 'Pages pinned for devices.', 'status VmPin pages'],
      ['unsigned long data_vm', 'Pages of private writable memory that is no stack.', 'status VmData pages'],
      ['unsigned long stack_vm', 'Pages of stacks.', 'status VmStk pages'],
      ['unsigned long start_code', 'Code of the program.', 'stat 26'],
      ['unsigned long end_code', 'Its end.', 'stat 27'],
      ['unsigned long start_data', 'Data of the program.', 'stat 45'],
      ['unsigned long end_data', 'Its end.', 'stat 46'],
      ['unsigned long start_brk', 'Heap.', 'stat 47'],
      ['unsigned long brk', 'Its end, to the page.', 'source'],
      ['unsigned long start_stack', 'Bottom of the stack.', 'stat 28'],
      ['unsigned long arg_start', 'Command line.', 'stat 48'],
      ['unsigned long arg_end', 'Its end.', 'stat 49'],
      ['unsigned long env_start', 'Environment.', 'stat 50'],
      ['unsigned long env_end', 'Its end.', 'stat 51'],
      [
        'struct percpu_counter rss_stat[4]',
        'Pages in memory by MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES.',
        'source',
      ],
      ['struct task_struct *owner', 'Leader of the process.', 'source'],
      ['struct file *exe_file', 'The program, or NULL where it may not be known.', 'source'],
    ]),
    struct('percpu_counter', 'A counter.', [['s64 count', 'Its value.', 'source']]),
    struct('vm_area_struct', 'A range of addresses.', [
      ['unsigned long vm_start', 'First address.', 'source'],
      ['unsigned long vm_end', 'First address behind it.', 'source'],
      ['struct mm_struct *vm_mm', 'Its address space.', 'source'],
      ['vm_flags_t vm_flags', 'Of VM_*: READ, WRITE, EXEC, MAYSHARE, and SHARED of areas that are writable.', 'source'],
      [
        'const struct vm_operations_struct *vm_ops',
        'NULL for private memory without a file. Of the vdso and its like `special_mapping_vmops`.',
        'source',
      ],
      [
        'unsigned long vm_pgoff',
        'Page of the file that it begins with; without one, the page of vm_start, and of the vdso and its like 0.',
        'source',
      ],
      ['struct file *vm_file', 'File that it maps, or NULL.', 'source'],
      ['void *vm_private_data', 'Of the vdso and its like a struct vm_special_mapping, else NULL.', 'source'],
      ['struct anon_vma_name *anon_name', 'Name that prctl(2) gave it, or NULL.', 'source'],
    ]),
    struct('vm_operations_struct', 'What the kernel does with an area.', [
      [
        'const char *(*name)(struct vm_area_struct *vma)',
        'Address of `special_mapping_name` where the kernel itself names the area, else NULL.',
        'source',
      ],
    ]),
    struct('vm_special_mapping', 'An area that the kernel made: vdso, vvar.', [
      ['const char *name', 'As in maps: `[vdso]`.', 'source'],
    ]),
    struct('anon_vma_name', 'Name of an area.', [['char name[0]', 'The name.', 'source']]),
  ],
);
