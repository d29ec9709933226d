// ttrpc: containerd's remote calls over a stream socket. Source: containerd/ttrpc, PROTOCOL.md and
// request.proto.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/shim/wire/codec.hpp"

namespace lodger::shim::wire {

/// The 10 bytes before each message, numbers in network order.
struct FrameHeader {
  enum class Type : std::uint8_t { request = 1, response = 2, data = 3 };
  std::uint32_t length = 0;  // of the message
  std::uint32_t stream = 0;  // odd: a call of the client's
  Type type = Type::request;
  std::uint8_t flags = 0;

  static constexpr std::size_t size = 10;
  static FrameHeader read(std::string_view bytes);
  std::array<char, size> bytes() const;
};

/// What a message may have at most; a longer one is passed over, and its call answered with
/// resource_exhausted.
inline constexpr std::uint32_t longest_message = 4U << 20;

struct KeyValue {
  std::string key, value;
  void fields(auto& visit) { visit(1, key), visit(2, value); }
};

struct Request {
  std::string service, method, payload;
  std::int64_t timeout_nano = 0;
  std::vector<KeyValue> metadata;
  void fields(auto& visit) {
    visit(1, service), visit(2, method), visit(3, payload), visit(4, timeout_nano), visit(5, metadata);
  }
};

/// Codes of gRPC, of which containerd tells apart those that are here.
enum class Code : std::int32_t {
  ok = 0,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  resource_exhausted = 8,
  failed_precondition = 9,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
};

/// google.rpc.Status
struct Status {
  Code code = Code::ok;
  std::string message;
  void fields(auto& visit) { visit(1, code), visit(2, message); }
};

struct Response {
  std::optional<Status> status;  // none: it went well
  std::string payload;
  void fields(auto& visit) { visit(1, status), visit(2, payload); }
};

/// A whole frame: header and message.
std::string frame(std::uint32_t stream, FrameHeader::Type type, std::string_view message);

/// Frames cut out of what a stream brings, in whatever pieces.
class FrameReader {
 public:
  struct Frame {
    FrameHeader header;
    std::string message;  // empty if `oversized`
    bool oversized = false;
  };
  void add(std::string_view bytes) { buffer_ += bytes; }
  /// The next one that is complete.
  std::optional<Frame> next();

 private:
  std::string buffer_;
  std::size_t to_skip_ = 0;
};

}  // namespace lodger::shim::wire
