/**
 * bpf_d_path: the path of a file as /proc would show it. The source that made the file knows it; what no source made
 * has no path.
 *
 * Facts: kernel/trace/bpf_trace.c and fs/d_path.c of Linux 6.12: what does not fit is refused as a whole.
 */
import { encodeName } from '../file-names.ts';
import { type FunctionDefinition, signature } from './definition.ts';
import { ENAMETOOLONG, ENOENT } from './errno.ts';

export const pathHelpers: readonly FunctionDefinition[] = [
  {
    name: 'bpf_d_path',
    signature: signature('p p i -> s'),
    reads: ['path.mnt', 'path.dentry', 'file.f_path'],
    make: (runtime) => {
      // Files and areas of one path follow each other.
      let last = '';
      let bytes = encodeName(last);
      return (path: number, to: number, size: number) => {
        if (size === 0) return 0;
        const text = runtime.objects?.pathText(path);
        if (text === undefined) return ENOENT;
        if (text !== last) {
          last = text;
          bytes = encodeName(text);
        }
        if (bytes.length >= size) return ENAMETOOLONG;
        const { u8 } = runtime.memory;
        u8.set(bytes, to);
        u8[to + bytes.length] = 0;
        return bytes.length + 1;
      };
    },
  },
];
