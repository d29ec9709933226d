#include "netmode/bridge/client/transaction.hpp"

#include <arpa/inet.h>
#include <libnftnl/common.h>
#include <libnftnl/gen.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace lodger::netmode::bridge {

std::unexpected<Failure> no_tables() {
  return refuse(
      "this kernel has no nf_tables, by which addresses are translated; --userland-proxy publishes ports "
      "without, for a container that reaches the host and its network alone",
      EPROTONOSUPPORT);
}

Outcome<std::uint32_t> generation(Netlink& netfilter) {
  char buffer[64];
  const auto* request = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETGEN, NFPROTO_UNSPEC, NLM_F_ACK, 1);
  std::uint32_t number = 0;
  const auto asked =
      netfilter.ask("asking for the generation of nf_tables", request, [&](const nlmsghdr* answer) {
        const std::unique_ptr<nftnl_gen, void (*)(const nftnl_gen*)> found(nftnl_gen_alloc(), nftnl_gen_free);
        if (nftnl_gen_nlmsg_parse(answer, found.get()) == 0)
          number = nftnl_gen_get_u32(found.get(), NFTNL_GEN_ID);
      });
  // The kernel's nfnetlink_rcv_msg(): nobody has registered for the message's subsystem.
  if (!asked && asked.error().code == EINVAL) return no_tables();
  TRY(asked);
  if (number == 0) return refuse("asking for the generation of nf_tables: no answer", EPROTO);
  return number;
}

Batch begin_transaction(std::uint32_t generation) {
  Batch batch;
  batch.add("changing nf_tables", [&](char* buffer, std::uint32_t sequence) {
    mnl_attr_put_u32(nftnl_batch_begin(buffer, sequence), NFNL_BATCH_GENID, htonl(generation));
  });
  return batch;
}

Outcome<> commit(Netlink& netfilter, Batch transaction) {
  transaction.confirm_last();
  transaction.add("changing nf_tables",
                  [](char* buffer, std::uint32_t sequence) { nftnl_batch_end(buffer, sequence); });
  return netfilter.commit(std::move(transaction));
}

}  // namespace lodger::netmode::bridge
