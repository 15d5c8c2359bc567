import { describe, expect, test } from 'vitest';
import { type LinkedMap, link, type ObjectMap } from '../../src/object/index.ts';
import { BPF_F_LINK, BPF_MAP_TYPE_STRUCT_OPS, BPF_PROG_TYPE_STRUCT_OPS } from '../../src/uapi/index.ts';
import { declare } from './c-declarations.ts';
import { openFixture } from './fixture.ts';
import { kernel } from './kernel.ts';

/** A kernel with the same members in another order, more of them, and a value that begins with something else. */
const SAMPLE_OPS = `
  struct limits { int low; int high; };
  struct sample_ops { void *owner; char name[8]; void (*release)(void); int (*init)(void); struct limits limits; u32 flags; int (*update)(int); };
  struct bpf_struct_ops_sample_ops { int refcount; int state; struct sample_ops data; };
`;
const btf = declare(SAMPLE_OPS);

const open = () => openFixture('struct_ops');
const linkedMap = (maps: readonly LinkedMap[], name: string): LinkedMap => {
  const map = maps.find((candidate) => candidate.name === name);
  if (map === undefined) throw new Error(`no map ${name}`);
  return map;
};
const structOps = (map: ObjectMap) => {
  if (map.structOps === undefined) throw new Error(`${map.name} is no struct_ops map`);
  return map.structOps;
};
const text = (value: string) => [...new TextEncoder().encode(value)];

describe('a struct_ops variable', () => {
  test('is a map of one element', () => {
    const map = open().map('plain');
    expect(map).toMatchObject({
      origin: 'struct_ops',
      section: '.struct_ops',
      type: BPF_MAP_TYPE_STRUCT_OPS,
      keySize: 4,
      valueSize: 48,
      maxEntries: 1,
      flags: 0,
      autocreate: true,
    });
  });

  test.each([
    ['plain', 0, true],
    ['linked', BPF_F_LINK, true],
    ['newer', BPF_F_LINK, false],
    ['optional', 0, false],
  ])('%s takes its flags (%d) and whether it is created (%s) from its section', (name, flags, autocreate) => {
    expect(open().map(name)).toMatchObject({ flags, autocreate });
  });

  test('points to programs by its members', () => {
    const { programs, declared } = structOps(open().map('plain'));
    expect(programs.map((program) => program?.name)).toEqual([
      'sample_init',
      'sample_update',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(declared).toEqual(programs);
  });

  test('has its other bytes as compiled, and zeros for programs', () => {
    const { data } = structOps(open().map('plain'));
    expect([...data]).toEqual([
      ...Array(24).fill(0),
      5,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      2,
      0,
      0,
      0,
      ...text('plain'),
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ]);
  });
});

describe('linked against a kernel, a struct_ops map', () => {
  const { maps, programs } = link(open(), kernel({ btf }));

  test('has the value of the kernel, member by member', () => {
    const { linkedStructOps } = linkedMap(maps, 'plain');
    expect(linkedStructOps?.valueTypeId).toBe(btf.find('bpf_struct_ops_sample_ops', 'struct'));
    expect(linkedStructOps?.module).toBeUndefined();
    const expected = new Uint8Array(64);
    expected.set(text('plain'), 16);
    expected.set([1, 0, 0, 0, 2, 0, 0, 0, 5], 40);
    expect(linkedStructOps?.value).toEqual(expected);
    expect(linkedMap(maps, 'plain').valueSize).toBe(64);
  });

  test('says where its programs go', () => {
    const { linkedStructOps } = linkedMap(maps, 'plain');
    expect(linkedStructOps?.programs.map(({ offset, program }) => [program.name, offset])).toEqual([
      ['sample_init', 32],
      ['sample_update', 56],
    ]);
  });

  test('is left out if it is not to be created', () => {
    expect(linkedMap(maps, 'newer')).toMatchObject({ autocreate: false, linkedStructOps: undefined });
  });

  test('tells its programs which member of which struct they implement', () => {
    const attachBtfId = btf.find('sample_ops', 'struct');
    const type = BPF_PROG_TYPE_STRUCT_OPS;
    expect(programs.map(({ program }) => program.name)).toEqual(['sample_init', 'sample_update']);
    expect(programs).toMatchObject([
      { type, attachBtfId, expectedAttachType: 3 },
      { type, attachBtfId, expectedAttachType: 6 },
    ]);
  });
});

describe('which programs are loaded', () => {
  const names = (prepare: (object: ReturnType<typeof open>) => void, kernelBtf = btf) => {
    const object = open();
    prepare(object);
    return link(object, kernel({ btf: kernelBtf })).programs.map(({ program }) => program.name);
  };

  test('depends on the maps that are created, not on their own sections', () => {
    const withAdded = declare(SAMPLE_OPS.replace('void *owner;', 'void *owner; int (*added)(void); u64 added_number;'));
    const prepare = (object: ReturnType<typeof open>) => {
      object.map('newer').autocreate = true;
    };
    expect(names(prepare, withAdded)).toEqual(['sample_init', 'sample_update', 'sample_added']);
  });

  test('excludes those of maps that are not created', () => {
    expect(
      names((object) => {
        object.map('plain').autocreate = false;
      }),
    ).toEqual(['sample_update']);
    expect(
      names((object) => {
        for (const map of object.maps) map.autocreate = false;
      }),
    ).toEqual([]);
  });

  test('excludes one that was replaced, and includes what replaced it', () => {
    const object = open();
    const { programs } = structOps(object.map('plain'));
    programs[0] = undefined;
    programs[2] = object.program('sample_release');
    const linked = link(object, kernel({ btf }));
    expect(linked.programs.map(({ program }) => program.name)).toEqual(['sample_update', 'sample_release']);
    expect(linkedMap(linked.maps, 'plain').linkedStructOps?.programs.map(({ offset }) => offset)).toEqual([56, 24]);
  });

  test('is not decided by linking for later links', () => {
    const object = open();
    object.map('plain').autocreate = false;
    link(object, kernel({ btf }));
    object.map('plain').autocreate = true;
    expect(link(object, kernel({ btf })).programs.map(({ program }) => program.name)).toEqual([
      'sample_init',
      'sample_update',
    ]);
  });
});

describe('members that only one side has', () => {
  const create = (name: string, change?: (data: Uint8Array) => void) => {
    const object = open();
    for (const map of object.maps) map.autocreate = map.name === name;
    change?.(structOps(object.map(name)).data);
    return object;
  };

  test('may be missing in the kernel while they are zero', () => {
    const object = create('newer');
    structOps(object.map('newer')).programs[1] = undefined;
    const { maps, programs } = link(object, kernel({ btf }));
    const expected = new Uint8Array(64);
    expected.set(text('newer'), 16);
    expect(linkedMap(maps, 'newer').linkedStructOps?.value).toEqual(expected);
    expect(programs.map(({ program }) => program.name)).toEqual(['sample_update']);
  });

  test('are an error if they have a program', () => {
    expect(() => link(create('newer'), kernel({ btf }))).toThrow(
      "struct_ops 'newer': the kernel's struct sample_ops has no member 'added', which the object sets",
    );
  });

  test('are an error if they have a value', () => {
    const object = create('newer', (data) => data.fill(1, 16, 17));
    structOps(object.map('newer')).programs[1] = undefined;
    expect(() => link(object, kernel({ btf }))).toThrow(
      "struct_ops 'newer': the kernel's struct sample_ops has no member 'added_number', which the object sets",
    );
  });
});

describe('a kernel whose struct differs', () => {
  test.each([
    ['u32 flags;', 'u64 flags;', "member 'flags' has 4 bytes in the object and 8 in the kernel"],
    ['u32 flags;', 'void *flags;', "member 'flags' is a int in the object and a ptr in the kernel"],
    ['u32 flags;', 'u32 flags : 5;', "bit field 'flags' cannot be converted"],
    ['char name[8];', 'char name[9];', "member 'name' has 8 bytes in the object and 9 in the kernel"],
    ['int (*init)(void);', 'int *init;', "member 'init' is not a pointer to a function in the kernel"],
    [
      'struct sample_ops data;',
      'struct limits data;',
      "the kernel's struct bpf_struct_ops_sample_ops has no struct sample_ops in it",
    ],
    [
      'struct bpf_struct_ops_sample_ops',
      'struct bpf_struct_ops_sample_opt',
      "the kernel has no struct bpf_struct_ops_sample_ops: nothing takes a struct sample_ops (did you mean 'sample_opt'?)",
    ],
  ])('in that "%s" is "%s" is refused', (from, to, message) => {
    expect(() => link(open(), kernel({ btf: declare(SAMPLE_OPS.replace(from, to)) }))).toThrow(
      `struct_ops 'plain': ${message}`,
    );
  });

  test('in that it is in a module is taken from there', () => {
    const base = declare('struct limits { int low; int high; };');
    const module = declare(SAMPLE_OPS, { name: 'sampler', base });
    const { maps, programs } = link(open(), kernel({ btf: base, modules: [{ name: 'sampler', btf: module }] }));
    expect(linkedMap(maps, 'plain').linkedStructOps).toMatchObject({
      valueTypeId: module.find('bpf_struct_ops_sample_ops', 'struct'),
      module: 'sampler',
    });
    expect(programs[0]).toMatchObject({ attachBtfId: module.find('sample_ops', 'struct'), attachModule: 'sampler' });
  });
});

describe('a struct_ops program', () => {
  test('that no map has is refused when it is to be loaded', () => {
    const object = open();
    object.map('optional').autocreate = false;
    structOps(object.map('optional')).programs[2] = undefined;
    object.program('sample_release').autoload = true;
    expect(() => link(object, kernel({ btf }))).toThrow(
      "program 'sample_release' (section 'struct_ops/release') is in no struct_ops variable; assign it to a member of one",
    );
  });

  test('may not be two different members', () => {
    const object = open();
    const { programs } = structOps(object.map('plain'));
    programs[0] = programs[1];
    expect(() => link(object, kernel({ btf }))).toThrow(
      "struct_ops 'plain': program 'sample_update' is 'update' of struct sample_ops here and something else in another map",
    );
  });

  test('may not be a program of another type', () => {
    const object = open();
    object.program('sample_init').type = 1;
    expect(() => link(object, kernel({ btf }))).toThrow(
      "struct_ops 'plain': program 'sample_init' of member 'init' is not a struct_ops program",
    );
  });
});
