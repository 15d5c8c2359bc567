// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/unix: the Unix sockets of the reader's network namespace, in the format of /proc/net/unix. Reference counts are
 * greater by the one that the iterator itself holds.
 *
 *   bpfiter run programs/unix.bpf.o
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "open_coded.h"
#include "socket.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define SO_ACCEPTCON (1 << 16)
#define UNIX_PATH_MAX 108

/* enum socket_state tells less than the two of the kernel's facts that it is made of here. */
static __always_inline __u32 connection_state(struct sock *sk)
{
	bool established = sk->__sk_common.skc_state == TCP_ESTABLISHED;

	if (sk->sk_socket)
		return established ? SS_CONNECTED : SS_UNCONNECTED;
	return established ? SS_CONNECTING : SS_DISCONNECTING;
}

/*
 * A name in the file system is a string; an abstract one begins with NUL and may hold more of them: /proc shows each as
 * an @.
 */
static __always_inline void print_name(struct seq_file *seq, struct unix_address *address)
{
	int length = address->len - bpf_core_field_offset(struct sockaddr_un, sun_path);
	char name[UNIX_PATH_MAX + 1] = {};
	int i;

	if (length <= 0 || length > UNIX_PATH_MAX)
		return;
	if (bpf_probe_read_kernel(name, length, address->name[0].sun_path))
		return;
	if (name[0] == '\0') {
		bpf_for (i, 0, length) {
			if (i >= 0 && i < UNIX_PATH_MAX && name[i] == '\0')
				name[i] = '@';
		}
	}
	BPF_SEQ_PRINTF(seq, " %s", name);
}

SEC("iter/unix")
int dump_unix(struct bpf_iter__unix *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct unix_sock *unix_sock = ctx->unix_sk;
	struct sock *sk = &unix_sock->sk;
	struct unix_address *address;

	if (!unix_sock)
		return 0;

	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "Num       RefCount Protocol Flags    Type St Inode Path\n");

	BPF_SEQ_PRINTF(seq, "%pK: %08X %08X %08X %04X %02X %5lu", sk, sk->__sk_common.skc_refcnt.refs.counter, 0,
		       sk->__sk_common.skc_state == TCP_LISTEN ? SO_ACCEPTCON : 0, sk->sk_type, connection_state(sk),
		       sock_inode(sk));
	address = unix_sock->addr;
	if (address)
		print_name(seq, address);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
