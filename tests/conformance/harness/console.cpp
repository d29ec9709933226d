#include "console.hpp"

#include <fcntl.h>

namespace conformance {
namespace {

constexpr std::chrono::seconds limit(2);

}  // namespace

bool ConsoleSocket::receive() {
  const auto connection = socket_.connection(limit);
  if (!connection || !support::readable(connection.get(), limit)) return false;
  auto message = support::receive(connection.get());
  if (message.descriptors.empty()) return false;
  terminal_ = std::move(message.descriptors.front());
  fcntl(terminal_.get(), F_SETFL, O_NONBLOCK);
  return true;
}

std::string ConsoleSocket::output() {
  char buffer[4096];
  for (ssize_t n = 0; (n = read(terminal_.get(), buffer, sizeof buffer)) > 0;)
    text_.append(buffer, static_cast<std::size_t>(n));
  return text_;
}

}  // namespace conformance
