#include "kernel/netlink.hpp"

#include <fmt/core.h>
#include <sys/socket.h>

#include "kernel/file.hpp"
#include "kernel/namespace.hpp"
#include "kernel/open_away.hpp"

namespace lodger::kernel::netlink {
namespace {

Result<> set_option(const Fd<kernel::Socket>& fd, int option) {
  const int on = 1;
  return done("setsockopt", __NR_setsockopt, fd.get(), SOL_NETLINK, option, &on, sizeof on);
}

/// The kernel's own port is 0: with it as the peer, nobody else's messages arrive.
Result<> connect_to_kernel(const Fd<kernel::Socket>& fd) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  return done("connect", __NR_connect, fd.get(), &kernel, sizeof kernel);
}

/// One datagram of whatever size. The kernel fills a dump's datagrams as far as the buffer that it saw.
Result<std::size_t> receive(const Fd<kernel::Socket>& fd, std::span<char> into) {
  const auto size = TRY(
      restarted("recvfrom", __NR_recvfrom, fd.get(), into.data(), into.size(), MSG_TRUNC, nullptr, nullptr));
  if (static_cast<std::size_t>(size) > into.size()) return fail("recvfrom", EMSGSIZE);
  return static_cast<std::size_t>(size);
}

/// What NLMSG_ERROR and NLMSG_DONE carry: an errno (0: none), and behind the request's header the words of an
/// extended acknowledgement.
struct Verdict {
  int code = 0;
  std::string words;
};

/// Both kinds carry a code and a fixed rest: of the request, only its header (NETLINK_CAP_ACK).
Verdict verdict_of(const nlmsghdr& header, std::span<const char> payload) {
  const std::size_t fixed = header.nlmsg_type == NLMSG_ERROR ? sizeof(nlmsgerr) : sizeof(int);
  if (payload.size() < fixed) return {EBADMSG, ""};
  Verdict verdict;
  std::memcpy(&verdict.code, payload.data(), sizeof verdict.code);
  verdict.code = -verdict.code;
  if (header.nlmsg_flags & NLM_F_ACK_TLVS)
    for (const auto& attribute : attributes(payload.subspan(fixed)))
      if (attribute.type == NLMSGERR_ATTR_MSG) verdict.words = attribute.text();
  return verdict;
}

std::unexpected<Failure> failed(std::string_view doing, const Verdict& verdict) {
  return refuse(verdict.words.empty()
                    ? fmt::format("{}: {}", doing, error_text(verdict.code))
                    : fmt::format("{}: {} ({})", doing, error_text(verdict.code), verdict.words),
                verdict.code);
}

}  // namespace

std::vector<Attribute> attributes(std::span<const char> bytes) {
  std::vector<Attribute> found;
  while (bytes.size() >= sizeof(nlattr)) {
    nlattr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > bytes.size()) break;
    found.push_back({static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK),
                     bytes.subspan(NLA_HDRLEN, header.nla_len - NLA_HDRLEN)});
    bytes = bytes.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), bytes.size()));
  }
  return found;
}

void Request::append(std::span<const char> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  bytes_.resize(NLMSG_ALIGN(bytes_.size()));
}

void Request::add(std::uint16_t type, std::span<const char> payload) {
  const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + payload.size()), type};
  append({reinterpret_cast<const char*>(&header), sizeof header});
  append(payload);
}

void Request::add_text(std::uint16_t type, std::string_view text) {
  const std::string ended(text);
  add(type, {ended.c_str(), ended.size() + 1});
}

std::size_t Request::open_nest(std::uint16_t type) {
  const auto start = bytes_.size();
  add(type | NLA_F_NESTED, {});
  return start;
}

void Request::close_nest(std::size_t start) {
  const auto length = static_cast<std::uint16_t>(bytes_.size() - start);
  std::memcpy(bytes_.data() + start, &length, sizeof length);
}

Result<Socket> Socket::open(int protocol) {
  auto fd = TRY(opened<kernel::Socket>("socket", __NR_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  TRY(connect_to_kernel(fd));
  TRY(set_option(fd, NETLINK_EXT_ACK));
  TRY(set_option(fd, NETLINK_CAP_ACK));
  TRY(set_option(fd, NETLINK_GET_STRICT_CHK));
  return Socket(std::move(fd));
}

Result<Socket> Socket::open_in(const Fd<Namespace>& network, int protocol) {
  const auto own = TRY(openat<Namespace>(cwd, "/proc/thread-self/ns/net", O_RDONLY));
  TRY(setns(network.get(), CLONE_NEWNET));
  auto socket = open(protocol);
  TRY(setns(own.get(), CLONE_NEWNET));  // whoever was let in there is let in here
  return socket;
}

Result<Socket> Socket::open_through(const Fd<Process>& process, int protocol) {
  const auto there = [&]() -> Result<Fd<kernel::Socket>> {
    TRY(setns(process.get(), CLONE_NEWUSER | CLONE_NEWNET));
    auto socket = TRY(open(protocol));
    return std::move(socket.fd_);
  };
  return Socket(TRY(open_away<kernel::Socket>(there)));
}

struct Socket::Answer {
  std::vector<Message> messages;
  bool interrupted = false;  // NLM_F_DUMP_INTR: the list changed meanwhile
};

Outcome<Socket::Answer> Socket::exchange(Request& request, std::uint16_t flags, std::string_view doing) {
  auto& header = request.header();
  header.nlmsg_len = static_cast<std::uint32_t>(request.bytes_.size());
  header.nlmsg_flags |= NLM_F_REQUEST | flags;
  header.nlmsg_seq = ++sequence_;
  TRY(explained(restarted("sendto", __NR_sendto, fd_.get(), request.bytes_.data(), request.bytes_.size(), 0,
                          nullptr, 0),
                doing));
  Answer answer;
  std::vector<char> buffer(1 << 16);  // the kernel makes no datagram of a dump larger than half of this
  for (;;) {
    const auto size = TRY(explained(receive(fd_, buffer), doing));
    std::span<const char> rest(buffer.data(), size);
    while (rest.size() >= sizeof(nlmsghdr)) {
      nlmsghdr head;
      std::memcpy(&head, rest.data(), sizeof head);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > rest.size()) return failed(doing, {EBADMSG, ""});
      const auto payload = rest.subspan(NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN);
      rest = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), rest.size()));
      if (head.nlmsg_seq != sequence_) continue;  // left over from an exchange that failed in the midst
      answer.interrupted |= (head.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (head.nlmsg_type == NLMSG_ERROR || head.nlmsg_type == NLMSG_DONE) {
        const auto verdict = verdict_of(head, payload);
        if (verdict.code) return failed(doing, verdict);
        return answer;
      }
      answer.messages.emplace_back(head.nlmsg_type, payload);
    }
  }
}

Outcome<> Socket::change(Request request, std::string_view doing) {
  TRY(exchange(request, NLM_F_ACK, doing));
  return {};
}

Outcome<Message> Socket::get(Request request, std::string_view doing) {
  auto answer = TRY(exchange(request, NLM_F_ACK, doing));
  if (answer.messages.size() != 1) return failed(doing, {EBADMSG, ""});
  return std::move(answer.messages.front());
}

Outcome<std::vector<Message>> Socket::dump(Request request, std::string_view doing) {
  constexpr int patience = 100;  // of lists that change while they are read
  for (int attempt = 0; attempt < patience; ++attempt) {
    auto answer = TRY(exchange(request, NLM_F_DUMP, doing));
    if (!answer.interrupted) return std::move(answer.messages);
  }
  return failed(doing, {EAGAIN, "it changes faster than it can be read"});
}

}  // namespace lodger::kernel::netlink
