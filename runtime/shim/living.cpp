#include "runtime/shim/living.hpp"

#include <fmt/core.h>

#include <chrono>

#include "kernel/process.hpp"
#include "runtime/container/source.hpp"
#include "runtime/shim/socket.hpp"
#include "runtime/shim/wire/ttrpc.hpp"

namespace lodger::shim {
namespace {

using Socket = kernel::Fd<kernel::Socket>;
using Clock = std::chrono::steady_clock;

/// containerd gives this program five seconds: what is left of them is for doing it by force.
constexpr auto patience = std::chrono::milliseconds(2500);

/// The path of the socket, as leave_address() has left it; empty: no shim was ever started.
Outcome<std::string> address_in(const std::string& bundle) {
  constexpr std::string_view scheme = "unix://";
  auto text = container::read_file(bundle + "/address");
  if (!text && text.error().code == ENOENT) return "";
  if (!text) return std::unexpected(text.error());
  if (!text->starts_with(scheme))
    return refuse(fmt::format("{}/address: no socket's address", bundle), EINVAL);
  return text->substr(scheme.size());
}

Outcome<wire::Response> await_response(const Socket& socket, const std::string& doing) {
  const auto deadline = Clock::now() + patience;
  wire::FrameReader frames;
  for (;;) {
    if (const auto frame = frames.next()) return wire::decode<wire::Response>(frame->message);
    pollfd waited{socket.get(), POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0 || TRY(explained(kernel::poll({&waited, 1}, left), doing)) == 0)
      return refuse(fmt::format("{}: it has not answered within {} ms", doing, patience.count()), ETIMEDOUT);
    char bytes[4096];
    const auto got = TRY(explained(kernel::read(socket.get(), bytes), doing));
    if (got == 0) return refuse(fmt::format("{}: it has ended without an answer", doing), ECONNRESET);
    frames.add({bytes, got});
  }
}

}  // namespace

Outcome<std::optional<wire::DeleteResponse>> give_up_by_shim(const std::string& bundle,
                                                             const std::string& id) {
  const auto path = TRY(address_in(bundle));
  if (path.empty()) return std::nullopt;
  const auto doing = fmt::format("asking the shim at {} to remove container {}", path, id);
  const auto socket = connect_to(path);
  if (!socket && (socket.error().code == ENOENT || socket.error().code == ECONNREFUSED)) return std::nullopt;
  if (!socket) return std::unexpected(explain(doing, socket.error()));
  const wire::Request request{std::string(wire::own_service),
                              std::string(wire::give_up),
                              wire::encode(wire::ContainerRequest{id}),
                              0,
                              {}};
  const auto frame = wire::frame(1, wire::FrameHeader::Type::request, wire::encode(request));
  TRY(explained(kernel::send_stream(socket->get(), frame), doing));
  const auto response = TRY(await_response(*socket, doing));
  if (!response.status || response.status->code == wire::Code::ok)
    return TRY(wire::decode<wire::DeleteResponse>(response.payload));
  if (response.status->code == wire::Code::not_found) return std::nullopt;
  return refuse(fmt::format("{}: {}", doing, response.status->message), EIO);
}

Outcome<> remove_socket_of_dead(const std::string& bundle) {
  const auto path = TRY(address_in(bundle));
  return path.empty() ? Outcome<>{} : remove_dead_socket(path);
}

}  // namespace lodger::shim
