#include "netmode/bridge/client/sets.hpp"

#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>

#include <cstring>

#include "netmode/bridge/client/elements.hpp"
#include "netmode/bridge/client/rules.hpp"

namespace lodger::netmode::bridge {
namespace {

/// Types of nft(8), which prints by them: the parts of a concatenation have six bits each.
enum Type : std::uint8_t { ipv4_addr = 7, ipv6_addr = 8, inet_proto = 12, inet_service = 13, ifname = 41 };
constexpr std::uint32_t joined(std::uint32_t a, std::uint32_t b) { return a << 6 | b; }

struct Kind {
  const char* name;
  std::uint32_t flags, key_type, key_size;
  std::vector<std::uint8_t> parts = {};  // their sizes, where the key has several
  std::uint32_t data_type = 0, data_size = 0;
};

std::vector<Kind> kinds() {
  constexpr std::uint32_t interval = NFT_SET_INTERVAL, concat = NFT_SET_CONCAT;
  constexpr std::uint32_t hash = NFT_SET_MAP | concat, map = hash | interval;
  const auto door = [](std::uint32_t address) { return joined(joined(address, inet_proto), inet_service); };
  return {
      {"bridges", 0, ifname, 16},
      {"inside", concat, joined(ifname, ifname), 32, {16, 16}},
      {"opened4", 0, ifname, 16},
      {"opened6", 0, ifname, 16},
      {"subnets4", interval, ipv4_addr, 4},
      {"subnets6", interval, ipv6_addr, 16},
      {"ranges4", map, door(ipv4_addr), 12, {4, 1, 2}, ipv4_addr, 4},
      {"ranges6", map, door(ipv6_addr), 24, {16, 1, 2}, ipv6_addr, 16},
      {"singles4", hash, door(ipv4_addr), 12, {4, 1, 2}, joined(ipv4_addr, inet_service), 8},
      {"singles6", hash, door(ipv6_addr), 24, {16, 1, 2}, joined(ipv6_addr, inet_service), 20},
  };
}

void make_set(Batch& transaction, const Kind& kind, std::uint32_t id) {
  const auto set = set_named(kind.name);
  nftnl_set_set_u32(set.get(), NFTNL_SET_ID, id);
  nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, kind.flags);
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_TYPE, kind.key_type);
  nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_LEN, kind.key_size);
  if (!kind.parts.empty())
    nftnl_set_set_data(set.get(), NFTNL_SET_DESC_CONCAT, kind.parts.data(),
                       static_cast<std::uint32_t>(kind.parts.size()));
  if (kind.data_size) {
    nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_TYPE, kind.data_type);
    nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_LEN, kind.data_size);
  }
  // What nft(8) goes by to print a name.
  const std::unique_ptr<nftnl_udata_buf, DropUserdata> order(nftnl_udata_buf_alloc(64));
  nftnl_udata_put_u32(order.get(), NFTNL_UDATA_SET_KEYBYTEORDER, kind.key_type == ifname ? 1 : 2);
  nftnl_set_set_data(set.get(), NFTNL_SET_USERDATA, nftnl_udata_buf_data(order.get()),
                     nftnl_udata_buf_len(order.get()));
  transaction.add(std::string("making set ") + kind.name, [&](char* buffer, std::uint32_t sequence) {
    auto* header = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_NEWSET, NFPROTO_INET, NLM_F_CREATE, sequence);
    nftnl_set_nlmsg_build_payload(header, set.get());
  });
}

Bytes name_key(std::string_view device) {
  Bytes key(16, 0);
  std::memcpy(key.data(), device.data(), std::min(device.size(), key.size() - 1));
  return key;
}

Bytes pair_key(std::string_view device) {
  auto key = name_key(device);
  const auto again = key;
  key.insert(key.end(), again.begin(), again.end());
  return key;
}

/// The first address behind a subnet; nothing where it is the last of all.
template <class Address>
Bytes behind(Address address, std::size_t prefix_bytes) {
  Bytes out(address.begin(), address.end());
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(prefix_bytes), out.end(), 0);
  for (auto byte = prefix_bytes; byte-- > 0;)
    if (++out[byte] != 0) break;
  return out;
}

void add_subnet(ElementList& list, const Bytes& first, std::size_t prefix_bytes) {
  list.add({first});
  list.add({behind(first, prefix_bytes), {}, {}, {}, NFT_SET_ELEM_INTERVAL_END});
}

void put(Batch& transaction, ElementList& list, Elements what) {
  if (what == Elements::added)
    list.add_to(transaction);
  else
    list.remove_from(transaction);
}

}  // namespace

const char* door_map(bool v6, bool one_by_one) {
  return one_by_one ? (v6 ? "singles6" : "singles4") : v6 ? "ranges6" : "ranges4";
}

void make_sets(Batch& transaction) {
  std::uint32_t id = 0;
  for (const auto& kind : kinds()) make_set(transaction, kind, ++id);
}

void put_bridge(Batch& transaction, const std::string& device, Elements what) {
  ElementList bridges("bridges");
  bridges.add({name_key(device)});
  put(transaction, bridges, what);
  put_inside(transaction, device, what);
}

void put_network(Batch& transaction, const Network& network, Elements what) {
  ElementList subnets4("subnets4"), subnets6("subnets6");
  put_bridge(transaction, network.device, what);
  add_subnet(subnets4, bytes_of(network.subnet.first), static_cast<std::size_t>(network.subnet.length) / 8);
  if (network.prefix6) add_subnet(subnets6, Bytes(network.prefix6->begin(), network.prefix6->end()), 8);
  for (auto* list : {&subnets4, &subnets6}) put(transaction, *list, what);
}

void put_opened(Batch& transaction, bool v6, const std::string& device, Elements what) {
  ElementList opened(v6 ? "opened6" : "opened4");
  opened.add({name_key(device)});
  put(transaction, opened, what);
}

void put_inside(Batch& transaction, const std::string& device, Elements what) {
  ElementList inside("inside");
  inside.add({pair_key(device)});
  put(transaction, inside, what);
}

Outcome<std::set<std::string>> devices_in(Netlink& netfilter, const char* set) {
  std::set<std::string> names;
  TRY(each_element(netfilter, set, [&](const Element& element) {
    names.emplace(reinterpret_cast<const char*>(element.key.data()),
                  ::strnlen(reinterpret_cast<const char*>(element.key.data()), element.key.size()));
  }));
  return names;
}

}  // namespace lodger::netmode::bridge
