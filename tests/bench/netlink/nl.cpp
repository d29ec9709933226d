// libnl-route: asks rtnetlink for the network's devices. Of nf_tables it knows too little.
#include <netlink/route/link.h>
#include <netlink/socket.h>

int main() {
  nl_sock* const socket = nl_socket_alloc();
  nl_cache* links = nullptr;
  if (socket == nullptr || nl_connect(socket, NETLINK_ROUTE) < 0 ||
      rtnl_link_alloc_cache(socket, AF_UNSPEC, &links) < 0)
    return 1;
  nl_cache_free(links);
  nl_socket_free(socket);
  return 0;
}
