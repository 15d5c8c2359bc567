/**
 * Connections, as /proc/net/tcp and tcp6 tell of them. Of sequence numbers they tell differences: here they count from
 * the first byte that is not acknowledged, and from the first that is not read. Times are in jiffies.
 * Facts: names, types and nesting are those of Linux 6.18; get_tcp4_sock().
 */
import { part, struct } from './declarations.ts';

const TABLE = '/proc/net/{tcp,tcp6}';

export const tcp = part(
  'TCP',
  'Connections.',
  `
  struct tcp6_sock { struct tcp_sock tcp; };
  struct mptcp_sock { struct inet_connection_sock sk; };
  struct inet_request_sock { struct request_sock req; };
  struct tcp_request_sock { struct inet_request_sock req; };
  struct tcp_timewait_sock { struct inet_timewait_sock tw_sk; };
  `,
  [
    struct('timer_list', 'A timer.', [
      ['struct hlist_node entry', 'Its place among timers: pprev is NULL if it does not run.', TABLE],
      ['unsigned long expires', 'When it is due.', TABLE],
    ]),
    struct('inet_connection_sock', 'A socket that has connections.', [
      ['struct inet_sock icsk_inet', 'The socket.', TABLE],
      [
        'struct { struct { int max_qlen; } fastopenq; } icsk_accept_queue',
        'fastopenq.max_qlen: how many connections may begin with data.',
        TABLE,
      ],
      ['struct timer_list icsk_retransmit_timer', 'When something is sent again.', TABLE],
      ['u32 icsk_rto', 'After how long something is sent again, in steps of 10 ms.', TABLE],
      [
        'struct { u8 quick; u8 pingpong; u32 ato; } icsk_ack',
        'How acknowledgements are delayed: ato in steps of 10 ms.',
        TABLE,
      ],
      [
        'u8 icsk_pending',
        'What its timer is for: 1 sending again (of whichever kind), 3 asking for room; else 0.',
        TABLE,
      ],
      ['u8 icsk_retransmits', 'How often something was sent again.', TABLE],
      ['u8 icsk_probes_out', 'How often it asked without an answer.', TABLE],
    ]),
    struct('tcp_sock', 'A TCP socket.', [
      ['struct inet_connection_sock inet_conn', 'The socket.', TABLE],
      ['u32 rcv_nxt', 'Bytes that came and are not read: copied_seq is 0.', TABLE],
      ['u32 copied_seq', 'Always 0, see rcv_nxt.', '0'],
      ['u32 write_seq', 'Bytes that are not acknowledged: snd_una is 0.', TABLE],
      ['u32 snd_una', 'Always 0, see write_seq.', '0'],
      ['u32 snd_cwnd', 'How many packets may be on their way.', TABLE],
      ['u32 snd_ssthresh', 'Up to where that grows fast; 0x7fffffff without a limit.', TABLE],
    ]),
    struct('inet_timewait_sock', 'A connection that is over.', [
      ['struct sock_common __tw_common', 'What all have.', TABLE],
      ['volatile unsigned char tw_substate', 'TCP_TIME_WAIT or TCP_FIN_WAIT2.', TABLE],
      ['__be16 tw_sport', 'Own port.', TABLE],
      ['struct timer_list tw_timer', 'When it is forgotten.', TABLE],
    ]),
    struct('request_sock', 'A connection that has only begun.', [
      ['struct sock_common __req_common', 'What all have.', TABLE],
      ['struct sock *sk', 'Always NULL: it has no socket of its own as long as the table shows it.', '0'],
      // Programs that read a bit field have its place in the byte from where they were compiled.
      ['u8 syncookie : 1', 'Always 0: what the table shows is kept, and not in a cookie.', '0'],
      ['u8 num_timeout : 7', 'How often it was answered in vain.', TABLE],
      ['struct timer_list rsk_timer', 'When it is answered again.', TABLE],
    ]),
  ],
);
