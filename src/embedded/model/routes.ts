/**
 * Routes of IPv6, as /proc/net/ipv6_route tells of them: each with its next hop, be that its own or a shared one.
 * Facts: names and types are those of Linux 6.18; ipv6_route_native_seq_show().
 */
import { part, struct } from './declarations.ts';

export const routes = part(
  'Routes',
  'Routes of IPv6.',
  `
  struct rt6key { struct in6_addr addr; int plen; };
  `,
  [
    struct('fib6_info', 'A route.', [
      ['struct rt6key fib6_dst', 'Where to.', '/proc/net/ipv6_route'],
      ['refcount_t fib6_ref', 'Who holds it.', '/proc/net/ipv6_route'],
      ['u32 fib6_flags', 'RTF_*.', '/proc/net/ipv6_route'],
      ['u32 fib6_metric', 'How dear it is.', '/proc/net/ipv6_route'],
      ['struct nexthop *nh', 'NULL: shared next hops are shown as if they were its own.', '0'],
      ['struct fib6_nh fib6_nh[1]', 'The next hop.', '/proc/net/ipv6_route'],
    ]),
    struct('fib6_nh', 'A next hop.', [['struct fib_nh_common nh_common', 'All of it.', '/proc/net/ipv6_route']]),
    struct('fib_nh_common', 'A next hop.', [
      ['struct net_device *nhc_dev', 'Out of which device, or NULL.', '/proc/net/ipv6_route'],
      ['u8 nhc_gw_family', 'AF_INET6 if there is a gateway.', '/proc/net/ipv6_route'],
      ['union { __be32 ipv4; struct in6_addr ipv6; } nhc_gw', 'The gateway.', '/proc/net/ipv6_route'],
    ]),
    struct('net_device', 'A network device.', [['char name[16]', 'Name.', '/proc/net/ipv6_route']]),
    struct('nexthop', 'A shared next hop: none is shown.', [
      ['struct nh_info *nh_info', 'Not reached.', '0'],
      ['struct nh_group *nh_grp', 'Not reached.', '0'],
      ['bool is_group', 'Not reached.', '0'],
    ]),
    struct('nh_info', 'What a shared next hop is.', [['struct fib6_nh fib6_nh', 'Not reached.', '0']]),
    struct('nh_grp_entry', 'A shared next hop of a group.', [['struct nexthop *nh', 'Not reached.', '0']]),
    struct('nh_group', 'Shared next hops.', [['struct nh_grp_entry nh_entries[0]', 'Not reached.', '0']]),
  ],
);
