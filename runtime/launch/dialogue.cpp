#include "runtime/launch/dialogue.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernel/mount.hpp"
#include "runtime/launch/phrase.hpp"
#include "runtime/security/seccomp.hpp"

namespace lodger::launch {

using init::Event;
using init::Order;

namespace {

/// What init would have said, had it been its own step that failed.
init::Report report_of(init::Stage stage, std::size_t index, kernel::Error error) {
  init::Report report{};
  report.event = Event::failed;
  report.stage = stage;
  report.index = static_cast<std::uint32_t>(index);
  report.code = error.code;
  std::string_view(error.call).copy(report.call, sizeof report.call - 1);
  return report;
}

}  // namespace

Failure silent_end() {
  return {
      "the container's init ended without a word: it was killed from outside, or a memory limit is too small",
      ECHILD};
}

Outcome<> wait_for_message(const kernel::Fd<kernel::Socket>& socket, int interrupt) {
  if (interrupt < 0) return {};
  pollfd set[] = {{socket.get(), POLLIN, 0}, {interrupt, POLLIN, 0}};
  TRY(explained(kernel::poll(set, -1), "waiting for the container's init"));
  if (set[0].revents) return {};
  return refuse("interrupted by a signal before the process was started", EINTR);
}

Outcome<> Dialogue::begin(const plan::Row& row) {
  return explained(made_.child.begin(row.numbers()), "talking to the container's init");
}

Outcome<> Dialogue::order(Order order, std::span<const int> fds) {
  return explained(made_.child.order(order, fds), "talking to the container's init");
}

Outcome<> Dialogue::enter_cgroup(std::span<const kernel::Fd<kernel::File>> entrances) {
  std::vector<int> numbers;
  numbers.reserve(entrances.size());
  for (const auto& entrance : entrances) numbers.push_back(entrance.get());
  return order(Order::cgroup, numbers);
}

Outcome<Message> Dialogue::expect(Event event) {
  for (;;) {
    TRY(wait_for_message(made_.child.socket(), interrupt_));
    auto message = made_.child.receive();
    if (!message && message.error().code == ECHILD) return std::unexpected(silent_end());
    if (!message) return std::unexpected(explain("listening to the container's init", message.error()));
    const auto& report = message->report;
    if (report.event == Event::failed) return std::unexpected(phrase(report, config_, built_.plan));
    if (report.event == event) return std::move(*message);
    if (report.event != Event::terminal) return refuse("the container's init spoke out of turn", EPROTO);
    made_.terminal = std::move(message->fd).as<kernel::Terminal>();
  }
}

Failure Dialogue::first_failure(Failure ours) {
  pollfd waited{made_.child.socket().get(), POLLIN, 0};
  const auto ready = kernel::poll({&waited, 1}, 0);
  if (!ready || *ready == 0) return ours;
  const auto message = made_.child.receive();
  if (!message || message->report.event != Event::failed) return ours;
  return phrase(message->report, config_, built_.plan);
}

Outcome<> Dialogue::adopt_second() {
  const auto message = TRY(expect(Event::joined));
  return explained(made_.child.adopt(static_cast<pid_t>(message.report.value)), "the container's init");
}

Outcome<> Dialogue::map_trees(const plan::Row& row) {
  const auto mounts = built_.plan->rootfs->mounts;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    if (!mounts[i].mapped_outside) continue;
    const auto tree = TRY(expect(Event::tree));
    const int space = row.numbers()[static_cast<std::size_t>(mounts[i].id_map)];
    const auto mapped = kernel::map_ids(tree.fd.get(), space, mounts[i].whole_id_map ? AT_RECURSIVE : 0);
    if (!mapped)
      return std::unexpected(phrase(report_of(init::Stage::mount, i, mapped.error()), config_, built_.plan));
    TRY(order(Order::tree_mapped));
  }
  return {};
}

Outcome<> Dialogue::compile_filter(plan::Memory& memory) {
  const auto& seccomp = config_.linux->seccomp;
  if (!seccomp || !config_.process) return {};
  const auto program = TRY(security::compile(*seccomp));
  const auto instructions = memory.array<sock_filter>(program.instructions.size());
  std::copy(program.instructions.begin(), program.instructions.end(), instructions.begin());
  built_.plan->filter = {instructions.data(), static_cast<std::uint16_t>(instructions.size()), program.flags};
  return {};
}

}  // namespace lodger::launch
