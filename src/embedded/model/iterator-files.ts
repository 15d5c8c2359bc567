/** What an iterator writes to, and objects of targets that have no room of their own. Facts: names as in Linux 6.18. */
import { part, struct } from './declarations.ts';

export const iteratorFiles = part(
  'Iterator files',
  'The seq_file of a session, and objects of the targets ksym, dmabuf and kmem_cache.',
  `
  struct seq_operations {};
  enum bpf_iter_task_type { BPF_TASK_ITER_ALL, BPF_TASK_ITER_TID, BPF_TASK_ITER_TGID };
  struct kmem_cache_order_objects { unsigned int x; };
  `,
  [
    struct('seq_file', 'Where a session collects its output.', [
      ['char *buf', 'The buffer.', 'session'],
      ['size_t size', 'Bytes of the buffer.', 'session'],
      ['size_t from', 'First byte that is not delivered.', 'session'],
      ['size_t count', 'Bytes in the buffer; the size after an overflow.', 'session'],
      [
        'void *private',
        'What a walk over tasks is about (struct bpf_iter_seq_task_common); NULL for others.',
        'session',
      ],
    ]),
    struct('bpf_iter_seq_task_common', 'What a walk over tasks is about.', [
      ['enum bpf_iter_task_type type', 'Which tasks: all, one thread, one process.', 'session'],
      ['u32 pid', 'Number of the thread or process; 0 for all.', 'session'],
    ]),
    ...['task', 'task_file', 'task_vma'].map((target) =>
      struct(`bpf_iter_seq_${target}_info`, `The walk of iter/${target}.`, [
        ['struct bpf_iter_seq_task_common common', 'What it is about.', 'session'],
      ]),
    ),
    struct('kmem_cache', 'A cache of objects of one size (SLUB).', [
      ['const char *name', 'Name.', '/proc/slabinfo'],
      ['unsigned int object_size', 'Bytes of an object.', '/sys/kernel/slab/NAME/object_size'],
      ['unsigned int size', 'Bytes from one object to the next.', '/proc/slabinfo'],
      [
        'struct kmem_cache_order_objects oo',
        'Of a slab: objects in the lower 16 bits, the logarithm of its pages above them.',
        '/proc/slabinfo',
      ],
    ]),
    struct('dma_buf', 'A buffer that devices share.', [
      ['size_t size', 'Bytes.', 'fixtures'],
      ['struct file *file', 'Its file.', 'fixtures'],
      ['const char *exp_name', 'Who made it.', 'fixtures'],
      ['const char *name', 'Name that its user gave it, NULL if none.', 'fixtures'],
    ]),
    struct('kallsym_iter', 'A symbol of the kernel.', [
      ['loff_t pos', "Number of the symbol; of the kernel's own, of the next one.", 'symbols'],
      ['loff_t pos_mod_end', 'Number of the first symbol behind those of modules; 0 until there.', 'symbols'],
      ['loff_t pos_ftrace_mod_end', 'The same of symbols that ftrace keeps of modules.', 'symbols'],
      ['loff_t pos_bpf_end', 'The same of programs.', 'symbols'],
      ['unsigned long value', 'Address.', 'symbols'],
      ['char type', 'As in nm(1).', 'symbols'],
      ['char name[512]', 'Name.', 'symbols'],
      ['char module_name[56]', 'Module, empty for the kernel itself.', 'symbols'],
      ['int exported', 'Whether modules may use it.', 'symbols'],
      ['int show_value', 'Whether the opener may see addresses.', 'symbols'],
    ]),
  ],
);
