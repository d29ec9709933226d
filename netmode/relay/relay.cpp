#include "netmode/relay/relay.hpp"

#include <fmt/core.h>

#include <array>

#include "kernel/namespace.hpp"
#include "kernel/procfs.hpp"
#include "netmode/relay/child.hpp"
#include "spec/text.hpp"

namespace lodger::netmode::relay {
namespace {

constexpr std::string_view starting = "--network relay: starting pasta";
constexpr long patience_ms = 30'000;  // it takes some milliseconds, unless the machine is very busy

/// What is there by now, of a pipe whose other end is closed.
std::string rest_of(const kernel::Fd<kernel::File>& pipe) {
  std::array<char, 8192> text;
  const auto got = kernel::read(pipe.get(), text);
  return {text.data(), got ? *got : 0};
}

/// pasta's last line that is about something: without a log daemon it complains of that for each.
std::string complaint_in(std::string_view text) {
  std::string last;
  while (!text.empty()) {
    const auto line = spec::cut(text, '\n');
    if (!line.empty() && !line.starts_with("Failed to send") && !line.starts_with("Can't run AVX2"))
      last = line;
  }
  return last;
}

/// What helps against it, as far as it is known.
std::string_view help_with(std::string_view complaint) {
  const bool tap = complaint.contains("tun socket") || complaint.contains("tap device");
  return tap ? " (whoever is root in the container's user namespace has to be able to open /dev/net/tun)"
             : "";
}

}  // namespace

Outcome<Relay> Relay::plan(Task task, int interrupt) {
  Relay relay;
  const auto program = TRY(find_program(interrupt));
  relay.argv_ = TRY(arguments(program, task, find_uplink()));
  if (const auto tun = explained(check_tun(), fmt::format("--network relay: {}", tun_device)); !tun)
    return refuse(tun.error().text + "; pasta has to be able to open it (read and write)", tun.error().code);
  relay.record_ = {program.path, program.version, std::move(task.options), std::move(task.udp), {}};
  relay.date_ = program.date;
  relay.interrupt_ = interrupt;
  return relay;
}

std::string Relay::remark() const {
  if (follows_udp({record_.program, record_.version, date_}) || record_.options.ports || !record_.udp.empty())
    return {};
  return fmt::format(
      "--network relay: {} ({}) looks for the container's UDP servers only once, when it starts: for others "
      "name "
      "their ports (ports=53/udp), or install a passt of 2023-11 or later",
      record_.program, record_.version);
}

Outcome<> Relay::start(const kernel::Fd<kernel::Namespace>& network, int cgroup) {
  const auto user = TRY(explained(kernel::owner_of(network.get()), starting));
  const auto nowhere = TRY(explained(kernel::openat(kernel::cwd, "/dev/null", O_RDWR), starting));
  auto go = TRY(explained(kernel::pipe(), starting));
  auto ready = TRY(explained(kernel::pipe(), starting));
  auto errors = TRY(explained(kernel::pipe(), starting));
  auto refusal = TRY(explained(kernel::pipe(), starting));
  std::vector<const char*> argv;
  for (const auto& word : argv_) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  const Birth birth{nowhere.get(),   ready.writer.get(),   errors.writer.get(),     network.get(), user.get(),
                    go.reader.get(), refusal.writer.get(), record_.program.c_str(), argv.data()};
  int pidfd = -1;
  clone_args how{};
  how.flags = CLONE_PIDFD;
  how.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  how.exit_signal = SIGCHLD;
  if (cgroup >= 0) {
    how.flags |= CLONE_INTO_CGROUP;
    how.cgroup = static_cast<std::uint64_t>(cgroup);
  }
  const auto pid = TRY(explained(kernel::fork3(how), starting));
  if (pid == 0) become_relay(birth);
  process_ = kernel::Fd<kernel::Process>(pidfd);
  go_ = std::move(go);  // both ends: a child that is gone must not end us by SIGPIPE
  ready_ = std::move(ready.reader);
  errors_ = std::move(errors.reader);
  refusal_ = std::move(refusal.reader);
  record_.process = {pid, TRY(explained(kernel::process_stat(pid), starting)).start_time};
  return {};
}

Outcome<> Relay::go() { return explained(kernel::write_all(go_.writer.get(), "."), starting); }

/// It has closed its stdout; whether it ends as well is not waited for long.
Failure Relay::last_words() {
  const auto words = complaint_in(rest_of(errors_));
  pollfd ended[] = {{process_.get(), POLLIN, 0}};
  (void)kernel::poll(ended, 100);
  (void)kernel::send_signal(process_, SIGKILL);
  const auto end = kernel::wait(process_);
  process_ = {};
  kernel::Error refused{nullptr, 0};
  const auto told = kernel::read(refusal_.get(), {reinterpret_cast<char*>(&refused), sizeof refused});
  if (told && *told == sizeof refused)
    return explain(fmt::format("{} ({})", starting, record_.program), refused);
  const auto text = !words.empty() ? words
                    : end          ? fmt::format("it ended with status {}", end->shell_status())
                                   : std::string("it ended");
  return {
      fmt::format("--network relay: {} ({}): {}{}", record_.program, record_.version, text, help_with(text)),
      ECHILD};
}

/// It writes its number when it carries (pasta(1), --pid).
Outcome<> Relay::await() {
  pollfd waited[] = {{ready_.get(), POLLIN, 0}, {interrupt_, POLLIN, 0}};
  if (TRY(explained(kernel::poll(waited, patience_ms), starting)) == 0)
    return refuse(fmt::format("{}: it is not ready after {} s", starting, patience_ms / 1000), ETIMEDOUT);
  if (waited[1].revents != 0 && waited[0].revents == 0)
    return refuse(fmt::format("{}: interrupted", starting), EINTR);
  if (rest_of(ready_).empty()) return std::unexpected(last_words());
  ready_ = {};
  errors_ = {};
  refusal_ = {};
  go_ = {};
  return {};
}

Relay& Relay::operator=(Relay&& other) noexcept {
  Relay taken(std::move(other));
  std::swap(record_, taken.record_);
  std::swap(date_, taken.date_);
  std::swap(interrupt_, taken.interrupt_);
  std::swap(argv_, taken.argv_);
  std::swap(process_, taken.process_);
  std::swap(go_, taken.go_);
  std::swap(ready_, taken.ready_);
  std::swap(errors_, taken.errors_);
  std::swap(refusal_, taken.refusal_);
  return *this;
}

Relay::~Relay() {
  if (!process_) return;
  (void)kernel::send_signal(process_, SIGKILL);
  (void)kernel::wait(process_);
}

Outcome<> end(const Record& record) { return netmode::end(record.process, "the relay", 0); }

}  // namespace lodger::netmode::relay
