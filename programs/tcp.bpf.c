// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * iter/tcp: the TCP sockets of the reader's network namespace, in the format of /proc/net/tcp and /proc/net/tcp6, which
 * are two files there and one list here. Reference counts are greater by the one that the iterator itself holds.
 *
 *   bpfiter run programs/tcp.bpf.o
 *
 * A struct sock_common is the beginning of three kinds of sockets. The program asks the kernel which one it has:
 * bpf_skc_to_*() give NULL for another, and the verifier lets the fields of a kind be read only after such a question.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "clock.h"
#include "socket.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define TCP_INFINITE_SSTHRESH 0x7fffffff
#define TCP_PINGPONG_THRESH 1

/* The columns of a line that all three kinds have. */
struct line {
	__u32 state;
	__u32 transmit_queue;
	__u32 receive_queue;
	__u32 timer;
	__u64 when;
	__u32 retransmits;
	__u32 uid;
	__u32 probes;
	int references;
	unsigned long inode;
};

/* What the retransmission timer of a socket is for: include/net/inet_connection_sock.h. */
enum {
	ICSK_TIME_RETRANS = 1,
	ICSK_TIME_PROBE0 = 3,
	ICSK_TIME_LOSS_PROBE = 5,
	ICSK_TIME_REO_TIMEOUT = 6,
};

/* Before Linux 6.15 the time was kept beside the timer. */
struct inet_connection_sock___before_6_15 {
	unsigned long icsk_timeout;
} __attribute__((preserve_access_index));

static __always_inline unsigned long retransmit_at(struct inet_connection_sock *connection)
{
	struct inet_connection_sock___before_6_15 *before = (void *)connection;

	if (bpf_core_field_exists(before->icsk_timeout))
		return BPF_CORE_READ(before, icsk_timeout);
	return connection->icsk_retransmit_timer.expires;
}

static void print_line(struct seq_file *seq, __u64 number, struct sock_common *sk, struct line *line)
{
	BPF_SEQ_PRINTF(seq, "%4llu: ", number);
	print_addresses(seq, sk);
	BPF_SEQ_PRINTF(seq, "%02X %08X:%08X %02X:%08llX %08X %5u %8d %lu %d %pK", line->state, line->transmit_queue,
		       line->receive_queue, line->timer, line->when, line->retransmits, line->uid, line->probes,
		       line->inode, line->references, sk);
}

static void print_full(struct seq_file *seq, __u64 number, struct sock_common *sk_common, struct tcp_sock *tcp,
		       __u32 uid)
{
	struct inet_connection_sock *connection = &tcp->inet_conn;
	struct sock *sk = &connection->icsk_inet.sk;
	struct line line = {};
	__u8 pending = connection->icsk_pending;
	int unread = tcp->rcv_nxt - tcp->copied_seq;

	line.state = sk_common->skc_state;
	line.transmit_queue = tcp->write_seq - tcp->snd_una;
	line.receive_queue = unread > 0 ? unread : 0;
	if (line.state == TCP_LISTEN)
		line.receive_queue = sk->sk_ack_backlog;

	if (pending == ICSK_TIME_RETRANS || pending == ICSK_TIME_REO_TIMEOUT || pending == ICSK_TIME_LOSS_PROBE) {
		line.timer = 1;
		line.when = clock_ticks_until(retransmit_at(connection));
	} else if (pending == ICSK_TIME_PROBE0) {
		line.timer = 4;
		line.when = clock_ticks_until(retransmit_at(connection));
	} else if (sk->sk_timer.entry.pprev) {
		line.timer = 2; /* keepalive: a timer that is in no list is not pending */
		line.when = clock_ticks_until(sk->sk_timer.expires);
	}

	line.retransmits = connection->icsk_retransmits;
	line.uid = uid;
	line.probes = connection->icsk_probes_out;
	line.references = sk_common->skc_refcnt.refs.counter;
	line.inode = sock_inode(sk);
	print_line(seq, number, sk_common, &line);

	/* Bit fields: where one lies within its word is relocated too. */
	BPF_SEQ_PRINTF(seq, " %llu %llu %u %u ", clock_ticks(connection->icsk_rto),
		       clock_ticks(BPF_CORE_READ_BITFIELD(connection, icsk_ack.ato)),
		       connection->icsk_ack.quick << 1 | (connection->icsk_ack.pingpong >= TCP_PINGPONG_THRESH),
		       tcp->snd_cwnd);
	if (line.state == TCP_LISTEN)
		BPF_SEQ_PRINTF(seq, "%d\n", connection->icsk_accept_queue.fastopenq.max_qlen);
	else
		BPF_SEQ_PRINTF(seq, "%d\n", tcp->snd_ssthresh >= TCP_INFINITE_SSTHRESH ? -1 : (int)tcp->snd_ssthresh);
}

/* A connection that is over, and remembered so that late packets of it do no harm. */
static void print_time_wait(struct seq_file *seq, __u64 number, struct sock_common *sk_common,
			    struct tcp_timewait_sock *tcp)
{
	struct inet_timewait_sock *wait = &tcp->tw_sk;
	struct line line = {};

	line.state = wait->tw_substate;
	line.timer = 3;
	line.when = clock_ticks_until(wait->tw_timer.expires);
	line.references = sk_common->skc_refcnt.refs.counter;
	print_line(seq, number, sk_common, &line);
	BPF_SEQ_PRINTF(seq, "\n");
}

/* A connection that is not yet one: the first packet came and was answered. */
static void print_request(struct seq_file *seq, __u64 number, struct sock_common *sk_common,
			  struct tcp_request_sock *tcp, __u32 uid)
{
	struct request_sock *request = &tcp->req.req;
	struct line line = {};

	line.state = TCP_SYN_RECV;
	line.timer = 1;
	line.when = clock_ticks_until(request->rsk_timer.expires);
	line.retransmits = request->num_timeout;
	line.uid = uid;
	print_line(seq, number, sk_common, &line);
	BPF_SEQ_PRINTF(seq, "\n");
}

SEC("iter/tcp")
int dump_tcp(struct bpf_iter__tcp *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u64 number = ctx->meta->seq_num;
	struct sock_common *sk_common = ctx->sk_common;
	struct tcp_timewait_sock *wait;
	struct tcp_request_sock *request;
	struct tcp_sock *tcp;

	if (!sk_common)
		return 0;

	if (number == 0)
		BPF_SEQ_PRINTF(
			seq,
			"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");

	tcp = bpf_skc_to_tcp_sock(sk_common);
	if (tcp) {
		print_full(seq, number, sk_common, tcp, ctx->uid);
		return 0;
	}
	wait = bpf_skc_to_tcp_timewait_sock(sk_common);
	if (wait) {
		print_time_wait(seq, number, sk_common, wait);
		return 0;
	}
	request = bpf_skc_to_tcp_request_sock(sk_common);
	if (request)
		print_request(seq, number, sk_common, request, ctx->uid);
	return 0;
}
