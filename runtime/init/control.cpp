#include "runtime/init/control.hpp"

#include <algorithm>

namespace lodger::init {
namespace {

void copy_text(std::span<char> to, std::span<const char> from) {
  const auto n = std::min(to.size() - 1, from.size());
  std::copy_n(from.begin(), n, to.begin());
  to[n] = 0;
}

}  // namespace

Result<Control::Taken> Control::take(Order order, std::span<int> fds) {
  Command command{};
  const auto got =
      TRY(kernel::receive(socket_.get(), {reinterpret_cast<char*>(&command), sizeof command}, fds));
  if (got.size == 0) return kernel::fail("parent", EPIPE);
  if (got.size != sizeof command || command.order != order) return kernel::fail("order", EPROTO);
  return Taken{got.fds, command.more != 0};
}

Result<> Control::expect(Order order) {
  TRY(take(order, {}));
  return {};
}

Result<std::size_t> Control::expect_cgroup(std::span<int> entrances) {
  return TRY(take(Order::cgroup, entrances)).fds;
}

Result<> Control::receive_row() {
  for (auto rest = plan_.row;;) {
    const auto taken = TRY(take(Order::begin, rest.first(std::min(rest.size(), kernel::most_fds))));
    rest = rest.subspan(taken.fds);
    if (!taken.more) return rest.empty() ? Result<>{} : kernel::fail("order", EPROTO);
  }
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
  plan_.last_words = report;  // a filter may forbid to send it
  (void)kernel::send(socket_.get(), {reinterpret_cast<const char*>(&report), sizeof report});
}

}  // namespace lodger::init
