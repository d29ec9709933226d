#include "cgroups/systemd/manager.hpp"

#include <fmt/core.h>

#include <cstdlib>

#include "cgroups/systemd/client/protocol.hpp"
#include "kernel/file.hpp"
#include "spec/text.hpp"

namespace lodger::cgroups::systemd {
namespace {

constexpr const char* program = "lodger-systemd";
// Longer than all that the program waits for in one question: it knows better what did not come.
constexpr long patience_ms = 180'000;

/// The folder of the running program; "" where procfs does not tell.
std::string own_folder() {
  char text[4096];
  const auto size = kernel::readlinkat(kernel::cwd, "/proc/self/exe", text);
  const std::string_view path(text, size.value_or(0));
  const auto slash = path.rfind('/');
  return slash == path.npos ? "" : std::string(path.substr(0, slash));
}

/// What leads to a user's manager, and nothing else of what the caller has.
std::vector<std::string> environment() {
  std::vector<std::string> out;
  for (const char* name : {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"})
    if (const char* value = std::getenv(name)) out.push_back(fmt::format("{}={}", name, value));
  return out;
}

}  // namespace

Outcome<std::string> find_client() {
  std::string tried;
  for (const auto& folder : {own_folder(), std::string(LODGER_LIBEXEC)}) {
    if (folder.empty()) continue;
    auto path = fmt::format("{}/{}", folder, program);
    if (kernel::faccessat(kernel::cwd, path.c_str(), X_OK)) return path;
    (tried += tried.empty() ? "" : ", ") += path;
  }
  return refuse(
      fmt::format("the systemd cgroup driver needs the program {}, which is not there ({}): install it "
                  "beside lodger, or go without --systemd-cgroup",
                  program, tried),
      ENOENT);
}

Outcome<Manager> Manager::open(bool user, int interrupt) {
  constexpr std::string_view doing = "starting lodger-systemd";
  const auto path = TRY(find_client());
  auto pair = TRY(explained(kernel::socket_pair(SOCK_SEQPACKET), doing));
  Manager manager;
  manager.interrupt_ = interrupt;
  manager.errors_ = TRY(explained(kernel::memfd("lodger-systemd", 0), doing));
  const auto variables = environment();
  std::vector<const char*> envp;
  for (const auto& variable : variables) envp.push_back(variable.c_str());
  envp.push_back(nullptr);
  const char* const argv[] = {program, user ? user_manager : system_manager, nullptr};
  const int errors = manager.errors_.get();
  auto started = TRY(explained(
      kernel::spawn({path.c_str(), argv, envp.data(), pair.theirs.get(), errors, errors, true}), path));
  manager.process_ = std::move(started.process);
  manager.socket_ = std::move(pair.ours);
  return manager;
}

Manager& Manager::operator=(Manager&& other) noexcept {
  Manager taken(std::move(other));
  std::swap(socket_, taken.socket_);
  std::swap(errors_, taken.errors_);
  std::swap(process_, taken.process_);
  std::swap(interrupt_, taken.interrupt_);
  std::swap(connected_, taken.connected_);
  return *this;
}

Manager::~Manager() {
  if (!process_) return;
  (void)kernel::send_signal(process_, SIGKILL);  // idle, or not worth waiting for
  (void)kernel::wait(process_);
}

Failure Manager::silence(std::string_view doing) {
  char text[512];
  (void)kernel::rewind(errors_.get());
  const auto size = kernel::read(errors_.get(), text);
  std::string_view words(text, size.value_or(0));
  const auto line = spec::cut(words, '\n');
  return {fmt::format("{}: {} ended without an answer{}{}", doing, program, line.empty() ? "" : ": ", line),
          EPIPE};
}

Outcome<Words> Manager::answer(std::string_view doing) {
  pollfd waited[] = {{socket_.get(), POLLIN, 0}, {interrupt_, POLLIN, 0}};
  const int ready = TRY(explained(kernel::poll(waited, patience_ms), doing));
  if (waited[1].revents) return refuse(fmt::format("{}: interrupted by a signal", doing), EINTR);
  if (ready == 0)
    return refuse(fmt::format("{}: no answer from {} within {} s", doing, program, patience_ms / 1000),
                  ETIMEDOUT);
  std::string text(longest_message, '\0');
  const auto got = kernel::receive(socket_.get(), text);
  if (!got || got->size == 0) return std::unexpected(silence(doing));
  auto words = unpacked(std::string_view(text).substr(0, got->size));
  if (!words || words->empty()) return refuse(fmt::format("{}: {} spoke nonsense", doing, program), EPROTO);
  return std::move(*words);
}

Outcome<> Manager::connected() {
  if (connected_) return {};
  const auto words = TRY(answer("systemd"));
  if (words.front() != done) return refuse(words.back(), EHOSTUNREACH);
  connected_ = true;
  return {};
}

Outcome<> Manager::ask(std::string_view doing, const Words& words) {
  TRY(connected());
  const auto message = packed(words);
  if (message.size() > longest_message)
    return refuse(fmt::format("{}: its properties come to {} bytes, and more than {} do not go", doing,
                              message.size(), longest_message),
                  EMSGSIZE);
  const auto sent = kernel::send(socket_.get(), message);
  if (!sent && (sent.error().code == EPIPE || sent.error().code == ECONNRESET))
    return std::unexpected(silence(doing));
  TRY(explained(sent, doing));
  const auto said = TRY(answer(doing));
  if (said.front() == done) return {};
  return refuse(fmt::format("{}: {}", doing, said.back()), EREMOTEIO);
}

Outcome<> Manager::start(const std::string& unit, const std::vector<Property>& properties) {
  Words words{start_unit, unit};
  append(words, properties);
  return ask(fmt::format("unable to start unit {}", unit), words);
}

Outcome<> Manager::stop(const std::string& unit) {
  return ask(fmt::format("unable to stop unit {}", unit), {stop_unit, unit});
}

Outcome<> Manager::set(const std::string& unit, const std::vector<Property>& properties) {
  if (properties.empty()) return {};
  Words words{set_properties, unit};
  append(words, properties);
  return ask(fmt::format("unable to set properties of unit {}", unit), words);
}

Outcome<> Manager::attach(const std::string& unit, const std::string& below, pid_t pid) {
  return ask(fmt::format("unable to move process {} into unit {}", pid, unit),
             {attach_process, unit, below, std::to_string(pid)});
}

}  // namespace lodger::cgroups::systemd
