#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

typedef unsigned int u32;

enum state {
	STATE_IDLE = 0,
	STATE_DEAD = -1,
};

enum flags {
	FLAG_LOW = 1ULL,
	FLAG_HIGH = 9223372036854775808ULL,
};

enum signed_flags {
	FLAG_NEGATIVE = -2LL,
};

struct hidden;

struct node {
	struct node *next;
	struct hidden __attribute__((btf_type_tag("rcu"))) *owner;
};

union hidden_union;

struct task {
	char comm[16];
	union {
		volatile long unsigned int bits;
		double ratio;
	};
	int (*compare)(struct node *a, struct node *b);
	enum state state;
	int on_cpu: 1;
	int queued: 3;
	unsigned char prio;
	_Bool dead;
	enum flags flags;
	struct node node;
	const char * restrict label;
	int grid[2][3];
	long: 64;
	long unsigned int cold;
	u32 pid;
	unsigned char tail[0];
};

struct header___v2 {
	unsigned char kind;
	u32 length;
	unsigned char sum;
	int low: 5;
} __attribute__((packed));

struct empty {};

enum {
	LIMIT = 4294967295,
};

#ifndef BPF_NO_KFUNC_PROTOTYPES
#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif

#ifndef __bpf_fastcall
#if __has_attribute(bpf_fastcall)
#define __bpf_fastcall __attribute__((bpf_fastcall))
#else
#define __bpf_fastcall
#endif
#endif

extern int start_task(struct node *a, struct node *b) __weak __ksym __bpf_fastcall;
#endif

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
