/**
 * bpf_iter_kmem_cache and bpf_iter_dmabuf: the lists that iter/kmem_cache and iter/dmabuf show. At the end of the list
 * of dma-bufs the walk begins anew, as Linux's does; that of slab caches stays there.
 * Sources: mm/slab_common.c, kernel/bpf/{kmem_cache,dmabuf}_iter.c of Linux 6.18; facts/iterators.md 3.3.
 */
import { BpfiterError } from '../../errors.ts';
import type { Runtime } from '../runtime.ts';
import type { Cursor, ObjectList } from '../sources/source.ts';
import { sessionOf } from './cursors.ts';
import { objectIterator } from './object-iterator.ts';

/** @throws BpfiterError `unsupported` where the source has no such list */
function requireList({ objects }: Runtime, list: ObjectList): void {
  if (objects?.hasList(list)) return;
  throw new BpfiterError(
    'unsupported',
    `where the embedded kernel has its objects from, there are none of struct ${list}`,
  );
}

export const kmemCacheIterator = objectIterator('kmem_cache', '', (runtime) => {
  requireList(runtime, 'kmem_cache');
  return () => sessionOf(runtime).list('kmem_cache');
});

export const dmabufIterator = objectIterator('dmabuf', '', (runtime) => {
  requireList(runtime, 'dma_buf');
  return (): Cursor => {
    const session = sessionOf(runtime);
    let objects = session.list('dma_buf');
    return {
      next: () => {
        const found = objects.next();
        if (found === 0) objects = session.list('dma_buf');
        return found;
      },
    };
  };
});
