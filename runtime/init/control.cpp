#include "runtime/init/control.hpp"

#include <algorithm>

namespace lodger::init {
namespace {

std::span<char> bytes_of(Command& command) { return {reinterpret_cast<char*>(&command), sizeof command}; }

void copy_text(std::span<char> to, std::span<const char> from) {
  const auto n = std::min(to.size() - 1, from.size());
  std::copy_n(from.begin(), n, to.begin());
  to[n] = 0;
}

}  // namespace

Result<> Control::expect(const Fd<kernel::Socket>& socket, Order order) {
  Command command{};
  const auto got = TRY(kernel::receive(socket.get(), bytes_of(command)));
  if (got.size == 0) return kernel::fail("parent", EPIPE);
  if (got.size != sizeof command || command.order != order) return kernel::fail("order", EPROTO);
  return {};
}

Result<> Control::receive_row() {
  for (auto rest = plan_.row;;) {
    Command command{};
    const auto got = TRY(kernel::receive(socket_.get(), bytes_of(command),
                                         rest.first(std::min(rest.size(), kernel::most_fds))));
    if (got.size != sizeof command || command.order != Order::begin) return kernel::fail("order", EPROTO);
    rest = rest.subspan(got.fds);
    if (!command.more) return rest.empty() ? Result<>{} : kernel::fail("order", EPROTO);
  }
}

Result<std::size_t> Control::expect_cgroup(std::span<int> entrances) {
  Command command{};
  const auto got = TRY(kernel::receive(socket_.get(), bytes_of(command), entrances));
  if (got.size == 0) return kernel::fail("parent", EPIPE);
  if (got.size != sizeof command || command.order != Order::cgroup) return kernel::fail("order", EPROTO);
  return got.fds;
}

Result<> Control::report(Event event, std::int64_t value, int fd) {
  Report report{};
  report.event = event;
  report.stage = stage_;
  report.value = value;
  const std::span<const int> fds(&fd, fd < 0 ? 0 : 1);
  return kernel::send(socket_.get(), {reinterpret_cast<const char*>(&report), sizeof report}, fds);
}

void Control::report_failure(Error error) {
  Report report{};
  report.event = Event::failed;
  report.stage = stage_;
  report.index = index_;
  report.code = error.code;
  copy_text(report.call, {error.call, std::strlen(error.call)});
  copy_text(report.words, {words_, words_size_});
  (void)kernel::send(socket_.get(), {reinterpret_cast<const char*>(&report), sizeof report});
}

}  // namespace lodger::init
