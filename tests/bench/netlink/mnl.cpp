// libmnl(3) and libnftnl(3): asks nf_tables for its tables.
#include <libmnl/libmnl.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <array>

namespace {
int each(const nlmsghdr* header, void* table) {
  return nftnl_table_nlmsg_parse(header, static_cast<nftnl_table*>(table)) == 0 ? MNL_CB_OK : MNL_CB_ERROR;
}
}  // namespace

int main() {
  mnl_socket* const socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
  if (socket == nullptr || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) return 1;
  std::array<char, 32768> buffer{};
  const nlmsghdr* const request =
      nftnl_nlmsg_build_hdr(buffer.data(), NFT_MSG_GETTABLE, NFPROTO_UNSPEC, NLM_F_DUMP, 1);
  if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) return 1;
  nftnl_table* const table = nftnl_table_alloc();
  for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
    const ssize_t n = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (n < 0) return 1;
    more =
        mnl_cb_run(buffer.data(), static_cast<std::size_t>(n), 1, mnl_socket_get_portid(socket), each, table);
    if (more < 0) return 1;
  }
  nftnl_table_free(table);
  mnl_socket_close(socket);
  return 0;
}
