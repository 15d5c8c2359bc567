/** Sockets as programs see them, and where their numbers come from (include/linux/socket.h, net/tcp_states.h). */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
