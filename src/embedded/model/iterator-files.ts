/** What an iterator writes to, and objects of targets that have no room of their own. Facts: names as in Linux 6.18. */
import { part, struct } from './declarations.ts';

export const iteratorFiles = part(
  'Iterator files',
  'The seq_file of a session, and objects of the targets ksym, dmabuf and kmem_cache.',
  `
  struct seq_operations {};
  struct dma_buf {};
  struct kmem_cache {};
  `,
  [
    struct('seq_file', 'Where a session collects its output.', [
      ['char *buf', 'The buffer.', 'session'],
      ['size_t size', 'Bytes of the buffer.', 'session'],
      ['size_t from', 'First byte that is not delivered.', 'session'],
      ['size_t count', 'Bytes in the buffer; the size after an overflow.', 'session'],
      ['loff_t index', 'Number of the next object.', 'session'],
      ['void *private', "The target's own state.", 'session'],
    ]),
    struct('kallsym_iter', 'A symbol of the kernel.', [
      ['loff_t pos', 'Number of the symbol.', 'symbols'],
      ['unsigned long value', 'Address.', 'symbols'],
      ['char type', 'As in nm(1).', 'symbols'],
      ['char name[512]', 'Name.', 'symbols'],
      ['char module_name[56]', 'Module, empty for the kernel itself.', 'symbols'],
      ['int exported', 'Whether modules may use it.', 'symbols'],
      ['int show_value', 'Whether the opener may see addresses.', 'symbols'],
    ]),
  ],
);
