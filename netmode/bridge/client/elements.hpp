// Elements of sets and maps: as values, as messages, and as the kernel lists them.
#pragma once
#include <libnftnl/set.h>
#include <libnftnl/udata.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "netmode/bridge/address.hpp"
#include "netmode/bridge/client/netlink.hpp"

namespace lodger::netmode::bridge {

using Bytes = std::vector<std::uint8_t>;

inline Bytes bytes_of(V4 address) {
  const V4 raw = htonl(address);
  Bytes out(sizeof raw);
  std::memcpy(out.data(), &raw, sizeof raw);
  return out;
}

struct Element {
  Bytes key, key_end = {}, data = {};  // the end: of an interval of several parts
  std::string owner = {};              // its comment, for people and for whoever finds a port taken
  std::uint32_t flags = 0;
};

/// As much of an owner's name as a comment may have.
std::string comment_of(const std::string& owner);

struct DropSet {
  void operator()(nftnl_set* set) const { nftnl_set_free(set); }
};
struct DropUserdata {
  void operator()(nftnl_udata_buf* data) const { nftnl_udata_buf_free(data); }
};
using Set = std::unique_ptr<nftnl_set, DropSet>;
/// A set of our table, by its name.
Set set_named(const char* name);

/// Elements of one set, in as many messages as they need.
class ElementList {
 public:
  explicit ElementList(const char* set);
  void add(const Element& element);
  void add_to(Batch& transaction);
  void remove_from(Batch& transaction);

 private:
  void put(Batch& transaction, const std::string& doing, std::uint16_t type, std::uint16_t flags);

  const char* name_;
  Set set_;
  bool empty_ = true;
};

/// All elements of a set; none where there is no such set.
Outcome<> each_element(Netlink& netfilter, const char* set, const std::function<void(const Element&)>& visit);

}  // namespace lodger::netmode::bridge
