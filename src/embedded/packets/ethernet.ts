/** Sizes and protocol numbers of Ethernet (include/uapi/linux/if_ether.h). */

export const ETH_HLEN = 14;
/** Both addresses, which a VLAN tag goes behind. */
export const ETH_ADDRESSES = 12;
export const VLAN_HLEN = 4;

/** In memory order, as skb->protocol and __sk_buff have them. */
export const ETH_P_IP = 0x0008;
export const ETH_P_IPV6 = 0xdd86;
export const ETH_P_8021Q = 0x0081;
export const ETH_P_8021AD = 0xa888;
