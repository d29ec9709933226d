// Talking with the kernel over netlink: requests with attributes, their acknowledgement in the kernel's own
// words, and dumps. Knows no family: rtnetlink.hpp builds on it, as can sock_diag(7) and nf_tables.
// Source: netlink(7); the kernel's Documentation/userspace-api/netlink/intro.rst.
#pragma once
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "kernel/fd.hpp"

namespace lodger::kernel::netlink {

/// An attribute as it came; its payload is aligned to four bytes.
struct Attribute {
  std::uint16_t type = 0;  // without the flags NLA_F_NESTED and NLA_F_NET_BYTEORDER
  std::span<const char> payload;

  /// The payload as a number; zero where it is shorter than that.
  template <class T>
  T number() const {
    T value{};
    if (payload.size() >= sizeof value) std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
  /// The payload as a string, without its zero byte.
  std::string_view text() const {
    const std::string_view all(payload.data(), payload.size());
    return all.substr(0, all.find('\0'));
  }
};

/// All attributes in a stretch of bytes; what does not fit into it ends the list.
std::vector<Attribute> attributes(std::span<const char> bytes);

/// One message of an answer, without its netlink header.
class Message {
 public:
  Message(std::uint16_t type, std::span<const char> payload)
      : type_(type), payload_(payload.begin(), payload.end()) {}

  std::uint16_t type() const { return type_; }
  /// The family's fixed header; nothing where the message is shorter.
  template <class Body>
  std::optional<Body> body() const {
    if (payload_.size() < sizeof(Body)) return std::nullopt;
    Body body;
    std::memcpy(&body, payload_.data(), sizeof body);
    return body;
  }
  /// The attributes behind a fixed header of type Body. They live as long as the message.
  template <class Body>
  std::vector<Attribute> attributes_after() const {
    if (payload_.size() < NLMSG_ALIGN(sizeof(Body))) return {};
    return attributes(std::span(payload_).subspan(NLMSG_ALIGN(sizeof(Body))));
  }

 private:
  std::uint16_t type_;
  std::vector<char> payload_;
};

/// A request while it is written: a header, a family's fixed header, attributes.
class Request {
 public:
  /// `flags`: NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, ...; what asks for an answer is added by the socket.
  template <class Body>
  Request(std::uint16_t type, const Body& body, std::uint16_t flags = 0) : bytes_(NLMSG_HDRLEN) {
    header().nlmsg_type = type;
    header().nlmsg_flags = flags;
    add_body(body);
  }

  void add(std::uint16_t type, std::span<const char> payload);
  /// A fixed header within an attribute, such as that of a pair's other end.
  template <class Body>
  void add_body(const Body& body) {
    append({reinterpret_cast<const char*>(&body), sizeof body});
  }
  /// A string with its zero byte.
  void add_text(std::uint16_t type, std::string_view text);
  template <class T>
  void add_number(std::uint16_t type, T value) {
    add(type, {reinterpret_cast<const char*>(&value), sizeof value});
  }
  /// Attributes within an attribute: what `fill` adds goes into it.
  template <class Fill>
  void nest(std::uint16_t type, Fill fill) {
    const auto start = open_nest(type);
    fill();
    close_nest(start);
  }

 private:
  friend class Socket;
  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  void append(std::span<const char> bytes);
  std::size_t open_nest(std::uint16_t type);
  void close_nest(std::size_t start);

  std::vector<char> bytes_;
};

/// A netlink socket. It belongs to the network namespace that it was made in, keeps that namespace alive, and
/// acts there wherever its owner goes.
class Socket {
 public:
  /// `protocol`: NETLINK_ROUTE, NETLINK_SOCK_DIAG, ... In the calling thread's network namespace.
  static Result<Socket> open(int protocol);
  /// In another: the thread goes there and comes back. Needs CAP_SYS_ADMIN over it and here.
  static Result<Socket> open_in(const Fd<Namespace>& network, int protocol);
  /// In a process's network namespace, by way of its user namespace: for an ordinary user who owns that. A
  /// child goes there and leaves the socket in our table of descriptors.
  static Result<Socket> open_through(const Fd<Process>& process, int protocol);

  /// Asks for something to be done. A failure is "<doing>: <error text>", with the kernel's own words behind
  /// it where it has some, and the errno as its code.
  Outcome<> change(Request request, std::string_view doing);
  /// Asks for one object: its message. ENODEV, ENOENT, ...: see change().
  Outcome<Message> get(Request request, std::string_view doing);
  /// Asks for a list, from the beginning again where it changed while it was read.
  Outcome<std::vector<Message>> dump(Request request, std::string_view doing);

 private:
  explicit Socket(Fd<kernel::Socket> fd) : fd_(std::move(fd)) {}
  struct Answer;
  Outcome<Answer> exchange(Request& request, std::uint16_t flags, std::string_view doing);

  Fd<kernel::Socket> fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace lodger::kernel::netlink
