#include "netmode/bridge/client/elements.hpp"

#include <fmt/core.h>
#include <libnftnl/common.h>
#include <libnftnl/udata.h>

#include "netmode/bridge/client/rules.hpp"

namespace lodger::netmode::bridge {
namespace {

// Of the kernel: NFT_USERDATA_MAXLEN is 256, and there are a type, a length and a zero byte.
constexpr std::size_t longest_comment = 252;

struct DropIterator {
  void operator()(nftnl_set_elems_iter* at) const { nftnl_set_elems_iter_destroy(at); }
};
using Iterator = std::unique_ptr<nftnl_set_elems_iter, DropIterator>;

void put_comment(nftnl_set_elem* element, const std::string& owner) {
  const std::unique_ptr<nftnl_udata_buf, DropUserdata> data(nftnl_udata_buf_alloc(256));
  nftnl_udata_put_strz(data.get(), NFTNL_UDATA_SET_ELEM_COMMENT, comment_of(owner).c_str());
  nftnl_set_elem_set(element, NFTNL_SET_ELEM_USERDATA, nftnl_udata_buf_data(data.get()),
                     nftnl_udata_buf_len(data.get()));
}

Bytes bytes_in(nftnl_set_elem* element, std::uint16_t attribute) {
  std::uint32_t size = 0;
  if (!nftnl_set_elem_is_set(element, attribute)) return {};
  const auto* data = static_cast<const std::uint8_t*>(nftnl_set_elem_get(element, attribute, &size));
  return data ? Bytes(data, data + size) : Bytes{};
}

/// A list of type, length, value; the comment is the only one that we write.
std::string comment_in(nftnl_set_elem* element) {
  const auto data = bytes_in(element, NFTNL_SET_ELEM_USERDATA);
  if (data.size() < 3 || data[0] != NFTNL_UDATA_SET_ELEM_COMMENT) return "";
  const std::string text(data.begin() + 2, data.end());
  return text.substr(0, text.find('\0'));
}

}  // namespace

std::string comment_of(const std::string& owner) { return owner.substr(0, longest_comment); }

Set set_named(const char* name) {
  Set set(nftnl_set_alloc());
  nftnl_set_set_u32(set.get(), NFTNL_SET_FAMILY, NFPROTO_INET);
  nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table_name);
  nftnl_set_set_str(set.get(), NFTNL_SET_NAME, name);
  return set;
}

ElementList::ElementList(const char* set) : name_(set), set_(set_named(set)) {}

void ElementList::add(const Element& element) {
  auto* made = nftnl_set_elem_alloc();
  const auto set = [&](std::uint16_t attribute, const Bytes& bytes) {
    if (!bytes.empty())
      nftnl_set_elem_set(made, attribute, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  };
  set(NFTNL_SET_ELEM_KEY, element.key);
  set(NFTNL_SET_ELEM_KEY_END, element.key_end);
  set(NFTNL_SET_ELEM_DATA, element.data);
  if (!element.owner.empty()) put_comment(made, element.owner);
  if (element.flags) nftnl_set_elem_set_u32(made, NFTNL_SET_ELEM_FLAGS, element.flags);
  nftnl_set_elem_add(set_.get(), made);
  empty_ = false;
}

void ElementList::put(Batch& transaction, const std::string& doing, std::uint16_t type, std::uint16_t flags) {
  if (empty_) return;
  const Iterator at(nftnl_set_elems_iter_create(set_.get()));
  for (bool more = true; more;)
    transaction.add(doing, [&](char* buffer, std::uint32_t sequence) {
      auto* header = nftnl_nlmsg_build_hdr(buffer, type, NFPROTO_INET, flags, sequence);
      more = nftnl_set_elems_nlmsg_build_payload_iter(header, at.get()) != 0;
    });
}

void ElementList::add_to(Batch& transaction) {
  put(transaction, fmt::format("adding to {}", name_), NFT_MSG_NEWSETELEM, NLM_F_CREATE);
}

void ElementList::remove_from(Batch& transaction) {
  put(transaction, fmt::format("removing from {}", name_), NFT_MSG_DELSETELEM, 0);
}

Outcome<> each_element(Netlink& netfilter, const char* name,
                       const std::function<void(const Element&)>& visit) {
  char buffer[1024];
  const auto wanted = set_named(name);
  auto* request = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETSETELEM, NFPROTO_INET, NLM_F_DUMP, 1);
  nftnl_set_nlmsg_build_payload(request, wanted.get());
  const auto read = [&](const nlmsghdr* answer) {
    const auto part = set_named(name);
    if (nftnl_set_elems_nlmsg_parse(answer, part.get()) < 0) return;
    const Iterator at(nftnl_set_elems_iter_create(part.get()));
    while (auto* element = nftnl_set_elems_iter_next(at.get()))
      visit({bytes_in(element, NFTNL_SET_ELEM_KEY), bytes_in(element, NFTNL_SET_ELEM_KEY_END),
             bytes_in(element, NFTNL_SET_ELEM_DATA), comment_in(element),
             nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_FLAGS)
                 ? nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_FLAGS)
                 : 0});
  };
  auto asked = netfilter.ask(fmt::format("reading {} of table inet lodger", name), request, read);
  return !asked && asked.error().code == ENOENT ? Outcome<>{} : asked;
}

}  // namespace lodger::netmode::bridge
