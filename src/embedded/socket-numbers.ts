/**
 * Numbers of sockets: address families, types, protocols and the states of TCP, which all kinds of sockets have.
 * Facts: <linux/socket.h>, <linux/net.h>, <linux/in.h>, <net/tcp_states.h> of Linux 6.18.
 */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;

export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;

export const TCP_ESTABLISHED = 1;
export const TCP_SYN_SENT = 2;
export const TCP_TIME_WAIT = 6;
export const TCP_CLOSE = 7;
export const TCP_LISTEN = 10;
