/**
 * Headers of packets, which programs find in the data that they are given and relocate like other structs of the
 * kernel. Facts: the standards of each protocol (IEEE 802.3 and 802.1Q; RFC 791, 792, 793, 768, 826, 8200, 4443, 9260);
 * names are those of the uapi of Linux 6.18, as its BTF has them.
 */
import { part } from './declarations.ts';

export const packetHeaders = part(
  'Headers of packets',
  'What programs find in packets: the interface of the wire, in the order of bytes that the protocols have.',
  `
  struct ethhdr { unsigned char h_dest[6]; unsigned char h_source[6]; __be16 h_proto; };
  struct vlan_hdr { __be16 h_vlan_TCI; __be16 h_vlan_encapsulated_proto; };
  struct vlan_ethhdr {
    union {
      struct { unsigned char h_dest[6]; unsigned char h_source[6]; };
      struct { unsigned char h_dest[6]; unsigned char h_source[6]; } addrs;
    };
    __be16 h_vlan_proto;
    __be16 h_vlan_TCI;
    __be16 h_vlan_encapsulated_proto;
  };
  struct arphdr { __be16 ar_hrd; __be16 ar_pro; unsigned char ar_hln; unsigned char ar_pln; __be16 ar_op; };
  struct iphdr {
    __u8 ihl : 4;
    __u8 version : 4;
    __u8 tos;
    __be16 tot_len;
    __be16 id;
    __be16 frag_off;
    __u8 ttl;
    __u8 protocol;
    __sum16 check;
    union {
      struct { __be32 saddr; __be32 daddr; };
      struct { __be32 saddr; __be32 daddr; } addrs;
    };
  };
  struct ipv6hdr {
    __u8 priority : 4;
    __u8 version : 4;
    __u8 flow_lbl[3];
    __be16 payload_len;
    __u8 nexthdr;
    __u8 hop_limit;
    union {
      struct { struct in6_addr saddr; struct in6_addr daddr; };
      struct { struct in6_addr saddr; struct in6_addr daddr; } addrs;
    };
  };
  struct ipv6_opt_hdr { __u8 nexthdr; __u8 hdrlen; };
  struct ipv6_rt_hdr { __u8 nexthdr; __u8 hdrlen; __u8 type; __u8 segments_left; };
  struct frag_hdr { __u8 nexthdr; __u8 reserved; __be16 frag_off; __be32 identification; };
  struct ip_auth_hdr {
    __u8 nexthdr;
    __u8 hdrlen;
    __be16 reserved;
    __be32 spi;
    __be32 seq_no;
    __u8 auth_data[0];
  };
  struct gre_base_hdr { __be16 flags; __be16 protocol; };
  struct icmphdr {
    __u8 type;
    __u8 code;
    __sum16 checksum;
    union {
      struct { __be16 id; __be16 sequence; } echo;
      __be32 gateway;
      struct { __be16 __unused; __be16 mtu; } frag;
      __u8 reserved[4];
    } un;
  };
  struct icmpv6_echo { __be16 identifier; __be16 sequence; };
  struct icmpv6_nd_advt { __u32 reserved : 5; __u32 override : 1; __u32 solicited : 1; __u32 router : 1; __u32 reserved2 : 24; };
  struct icmpv6_nd_ra {
    __u8 hop_limit;
    __u8 reserved : 3;
    __u8 router_pref : 2;
    __u8 home_agent : 1;
    __u8 other : 1;
    __u8 managed : 1;
    __be16 rt_lifetime;
  };
  struct icmp6hdr {
    __u8 icmp6_type;
    __u8 icmp6_code;
    __sum16 icmp6_cksum;
    union {
      __be32 un_data32[1];
      __be16 un_data16[2];
      __u8 un_data8[4];
      struct icmpv6_echo u_echo;
      struct icmpv6_nd_advt u_nd_advt;
      struct icmpv6_nd_ra u_nd_ra;
    } icmp6_dataun;
  };
  struct igmphdr { __u8 type; __u8 code; __sum16 csum; __be32 group; };
  struct tcphdr {
    __be16 source;
    __be16 dest;
    __be32 seq;
    __be32 ack_seq;
    __u16 ae : 1;
    __u16 res1 : 3;
    __u16 doff : 4;
    __u16 fin : 1;
    __u16 syn : 1;
    __u16 rst : 1;
    __u16 psh : 1;
    __u16 ack : 1;
    __u16 urg : 1;
    __u16 ece : 1;
    __u16 cwr : 1;
    __be16 window;
    __sum16 check;
    __be16 urg_ptr;
  };
  struct udphdr { __be16 source; __be16 dest; __be16 len; __sum16 check; };
  struct sctphdr { __be16 source; __be16 dest; __be32 vtag; __le32 checksum; };
`,
);
