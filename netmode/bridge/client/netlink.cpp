#include "netmode/bridge/client/netlink.hpp"

#include <fmt/core.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lodger::netmode::bridge {
namespace {

// Attributes have lengths of 16 bits, and a message here has one that is long.
constexpr std::size_t longest = std::size_t{128} * 1024;

/// The words of an extended acknowledgement, if it has some: behind the request's header, or all of the
/// request where the kernel does not cap it (netlink(7), NETLINK_CAP_ACK).
std::string words_of(const nlmsghdr* answer) {
  if (!(answer->nlmsg_flags & NLM_F_ACK_TLVS)) return "";
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(answer));
  std::size_t offset = sizeof *error;
  if (error->error != 0 && !(answer->nlmsg_flags & NLM_F_CAPPED))
    offset += error->msg.nlmsg_len - sizeof(nlmsghdr);
  std::string words;
  const auto take = [](const nlattr* attribute, void* into) {
    if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG)
      *static_cast<std::string*>(into) = mnl_attr_get_str(attribute);
    return MNL_CB_OK;
  };
  mnl_attr_parse(answer, static_cast<unsigned>(offset), take, &words);
  return words;
}

std::unexpected<Failure> failed(std::string_view doing, int code, const std::string& words) {
  auto text = fmt::format("{}: {}", doing, error_text(code));
  if (!words.empty()) text += fmt::format(" ({})", words);
  return refuse(std::move(text), code);
}

int error_of(const nlmsghdr* answer) {
  return -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(answer))->error;
}

}  // namespace

void Batch::add(std::string doing, const std::function<void(char* buffer, std::uint32_t sequence)>& write) {
  doing_.push_back(std::move(doing));
  scratch_.resize(longest);
  write(scratch_.data(), static_cast<std::uint32_t>(doing_.size()));
  nlmsghdr header;
  std::memcpy(&header, scratch_.data(), sizeof header);
  last_ = bytes_.size();
  bytes_.insert(bytes_.end(), scratch_.begin(), scratch_.begin() + NLMSG_ALIGN(header.nlmsg_len));
}

void Batch::confirm_last() {
  nlmsghdr header;
  std::memcpy(&header, bytes_.data() + last_, sizeof header);
  header.nlmsg_flags |= NLM_F_ACK;
  std::memcpy(bytes_.data() + last_, &header, sizeof header);
}

Outcome<Netlink> Netlink::open(int protocol, std::string_view doing) {
  Netlink out(mnl_socket_open2(protocol, SOCK_CLOEXEC));
  if (!out.socket_) return std::unexpected(explain(doing, {"socket", errno}));
  if (mnl_socket_bind(out.socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0)
    return std::unexpected(explain(doing, {"bind", errno}));
  int on = 1;  // neither is vital: without them there are fewer words
  mnl_socket_setsockopt(out.socket_.get(), NETLINK_EXT_ACK, &on, sizeof on);
  mnl_socket_setsockopt(out.socket_.get(), NETLINK_CAP_ACK, &on, sizeof on);
  return out;
}

Outcome<> Netlink::commit(Batch batch) {
  if (batch.empty()) return {};
  const int fd = mnl_socket_get_fd(socket_.get());
  const int room = static_cast<int>(2 * batch.bytes_.size() + longest);  // a datagram is sent whole or not
  (void)::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (mnl_socket_sendto(socket_.get(), batch.bytes_.data(), batch.bytes_.size()) < 0)
    return failed(batch.doing_.front(), errno, "");
  std::uint32_t worst = 0, confirmed = 0;
  int code = 0;
  std::string words;
  std::vector<char> buffer(longest);
  for (;;) {
    const auto size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) return failed(batch.doing_.front(), errno, "");
    int left = static_cast<int>(size);
    const auto* answer = reinterpret_cast<const nlmsghdr*>(buffer.data());
    for (; mnl_nlmsg_ok(answer, left); answer = mnl_nlmsg_next(answer, &left)) {
      if (answer->nlmsg_type != NLMSG_ERROR) continue;
      confirmed = std::max(confirmed, answer->nlmsg_seq);
      if (error_of(answer) == 0 || (code != 0 && answer->nlmsg_seq >= worst)) continue;
      worst = answer->nlmsg_seq;
      code = error_of(answer);
      words = words_of(answer);
    }
  }
  const auto& doing = batch.doing_.at(worst > 0 && worst <= batch.doing_.size() ? worst - 1 : 0);
  if (code != 0) return failed(doing, code, words);
  if (confirmed == 0) return failed(doing, EPROTO, "the kernel has not answered");
  return {};
}

Outcome<bool> Netlink::hear(std::string_view doing, const nlmsghdr* request, const Visit& visit) {
  if (mnl_socket_sendto(socket_.get(), request, request->nlmsg_len) < 0) return failed(doing, errno, "");
  std::vector<char> buffer(longest);
  bool changed = false;  // to be told behind the last message: what is left would answer the next question
  for (;;) {
    const auto size = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed(doing, errno, "");
    int left = static_cast<int>(size);
    const auto* answer = reinterpret_cast<const nlmsghdr*>(buffer.data());
    for (; mnl_nlmsg_ok(answer, left); answer = mnl_nlmsg_next(answer, &left)) {
      changed |= (answer->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (answer->nlmsg_type == NLMSG_DONE) return changed;
      if (answer->nlmsg_type != NLMSG_ERROR) {
        visit(answer);
        continue;
      }
      if (error_of(answer) != 0) return failed(doing, error_of(answer), words_of(answer));
      return changed;
    }
  }
}

Outcome<> Netlink::ask(std::string_view doing, const nlmsghdr* request, const Visit& visit) {
  if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) {
    TRY(hear(doing, request, visit));
    return {};
  }
  constexpr int patience = 100;  // of lists that change while they are read
  for (int attempt = 0; attempt < patience; ++attempt) {
    std::vector<char> list;  // none of it is told before it is known to be of one moment
    const auto changed = TRY(hear(doing, request, [&](const nlmsghdr* answer) {
      const auto* bytes = reinterpret_cast<const char*>(answer);
      list.insert(list.end(), bytes, bytes + answer->nlmsg_len);
      list.resize(NLMSG_ALIGN(list.size()));
    }));
    if (changed) continue;
    int left = static_cast<int>(list.size());
    const auto* answer = reinterpret_cast<const nlmsghdr*>(list.data());
    for (; mnl_nlmsg_ok(answer, left); answer = mnl_nlmsg_next(answer, &left)) visit(answer);
    return {};
  }
  return failed(doing, EAGAIN, "it changes faster than it can be read");
}

}  // namespace lodger::netmode::bridge
