/**
 * Maps, programs and links as the kernel's own structs, which iterators and map pointers let programs read. The maps of
 * this kernel fill them when they are made. Facts: names and types of the fields are those of Linux 6.18.
 */
import { part, struct } from './declarations.ts';

export const bpfObjects = part(
  'Maps, programs, links',
  'What bpf(2) makes, as programs can read it.',
  `
  struct bpf_htab { struct bpf_map map; };
  struct bpf_array { struct bpf_map map; };
  struct bpf_stack_map { struct bpf_map map; };
  struct lpm_trie { struct bpf_map map; };
  struct bpf_dtab { struct bpf_map map; };
  struct bpf_stab { struct bpf_map map; };
  struct bpf_shtab { struct bpf_map map; };
  struct bpf_cpu_map { struct bpf_map map; };
  struct xsk_map { struct bpf_map map; };
  struct bpf_cgroup_storage_map { struct bpf_map map; };
  struct reuseport_array { struct bpf_map map; };
  struct bpf_queue_stack { struct bpf_map map; };
  struct bpf_local_storage_map { struct bpf_map map; };
  struct bpf_struct_ops_map { struct bpf_map map; };
  struct bpf_ringbuf_map { struct bpf_map map; };
  struct bpf_bloom_filter { struct bpf_map map; };
  struct bpf_arena { struct bpf_map map; };
  struct bpf_func_info { __u32 insn_off; __u32 type_id; };
  struct btf_type {
    __u32 name_off;
    __u32 info;
    union { __u32 size; __u32 type; };
  };
  struct btf_header {
    __u16 magic;
    __u8 version;
    __u8 flags;
    __u32 hdr_len;
    __u32 type_off;
    __u32 type_len;
    __u32 str_off;
    __u32 str_len;
  };
  `,
  [
    struct('bpf_map', 'A map of any type.', [
      ['enum bpf_map_type map_type', 'BPF_MAP_TYPE_*.', 'map'],
      ['u32 key_size', 'Bytes of a key.', 'map'],
      ['u32 value_size', 'Bytes of a value.', 'map'],
      ['u32 max_entries', 'How many elements fit.', 'map'],
      ['u64 map_extra', 'What the map type makes of it.', 'map'],
      ['u32 map_flags', 'BPF_F_* that it was made with.', 'map'],
      ['u32 id', 'Number by which bpf(2) finds it.', 'map'],
      ['char name[16]', 'Name, cut to 15 characters.', 'map'],
      ['atomic64_t refcnt', 'Users, programs, pins and maps that have it, and the iterator that shows it.', 'map'],
      ['atomic64_t usercnt', 'Users that have it open.', 'map'],
      ['s64 *elem_count', 'Of hashes: how many elements they have. NULL for all else.', 'map'],
    ]),
    struct('bpf_prog', 'A program.', [
      ['enum bpf_prog_type type', 'BPF_PROG_TYPE_*.', 'program'],
      ['enum bpf_attach_type expected_attach_type', 'BPF_* that it was loaded for.', 'program'],
      ['u32 len', 'Instructions.', 'program'],
      ['u32 jited_len', 'Bytes of the WebAssembly module that it was compiled to.', 'program'],
      ['u8 tag[8]', 'SHA-256 over its instructions, without the maps that they name, shortened.', 'program'],
      ['struct bpf_prog_aux *aux', 'The rest.', 'program'],
    ]),
    struct('bpf_prog_aux', 'What of a program is not needed to run it.', [
      ['u32 id', 'Number by which bpf(2) finds it.', 'program'],
      ['char name[16]', 'Name, cut to 15 characters.', 'program'],
      ['const char *attach_func_name', 'Function that it is attached to, or NULL.', 'program'],
      ['struct bpf_prog *prog', 'The program.', 'program'],
      ['u32 used_map_cnt', 'Maps that its instructions name.', 'program'],
      ['u32 verified_insns', 'Instructions that the verifier went through.', 'program'],
      ['struct bpf_prog *dst_prog', 'Always NULL: no program is attached to another here.', '0'],
      ['struct btf *btf', 'Types that it was loaded with; NULL if none.', 'program'],
      [
        'struct bpf_func_info *func_info',
        'Its functions, the one that is called first; NULL without types.',
        'program',
      ],
      ['u32 func_info_cnt', 'How many these are.', 'program'],
    ]),
    struct('btf', 'Types that programs and maps were made with.', [
      ['struct btf_type **types', 'The types by number; number 0 is void.', 'program'],
      ['u32 nr_types', 'How many there are, void among them.', 'program'],
      ['struct btf_header hdr', 'The header.', 'program'],
      ['const char *strings', 'The names, which types have as offsets.', 'program'],
    ]),
    struct('bpf_link', 'What holds a program where it is attached.', [
      ['u32 id', 'Number by which bpf(2) finds it.', 'link'],
      ['enum bpf_link_type type', 'BPF_LINK_TYPE_*.', 'link'],
      ['struct bpf_prog *prog', 'The program.', 'link'],
    ]),
  ],
);
