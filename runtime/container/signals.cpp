// Names of signals. The kernel numbers real-time signals from 32, but the C libraries keep the first two for
// themselves, so that SIGRTMIN means 34 to everybody who writes the name down: signal(7), kill(1).
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "runtime/container/kill.hpp"
#include "spec/text.hpp"

namespace lodger::container {
namespace {

constexpr int first_realtime = 34, last_realtime = 64;

struct Name {
  std::string_view name;
  int number;
};
constexpr Name names[] = {
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM},     {"BUS", SIGBUS},   {"CHLD", SIGCHLD},   {"CLD", SIGCHLD},
    {"CONT", SIGCONT}, {"FPE", SIGFPE},       {"HUP", SIGHUP},   {"ILL", SIGILL},     {"INT", SIGINT},
    {"IO", SIGIO},     {"IOT", SIGIOT},       {"KILL", SIGKILL}, {"PIPE", SIGPIPE},   {"POLL", SIGPOLL},
    {"PROF", SIGPROF}, {"PWR", SIGPWR},       {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},   {"STKFLT", SIGSTKFLT},
    {"STOP", SIGSTOP}, {"SYS", SIGSYS},       {"TERM", SIGTERM}, {"TRAP", SIGTRAP},   {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"USR1", SIGUSR1},   {"USR2", SIGUSR2},
    {"XCPU", SIGXCPU}, {"VTALRM", SIGVTALRM}, {"XFSZ", SIGXFSZ}, {"WINCH", SIGWINCH},
};

/// "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n".
std::optional<int> realtime(std::string_view name) {
  const bool from_first = name.starts_with("RTMIN");
  if (!from_first && !name.starts_with("RTMAX")) return std::nullopt;
  const int base = from_first ? first_realtime : last_realtime;
  name.remove_prefix(5);
  if (name.empty()) return base;
  if (name.front() != (from_first ? '+' : '-')) return std::nullopt;
  const auto distance = spec::whole_number<int>(name.substr(1));
  if (!distance || *distance < 0 || *distance > last_realtime - first_realtime) return std::nullopt;
  return from_first ? base + *distance : base - *distance;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

}  // namespace

Outcome<int> parse_signal(std::string_view text) {
  if (const auto value = spec::whole_number<int>(text)) {
    if (*value >= 0 && *value <= last_realtime) return *value;
    return refuse(fmt::format("unknown signal \"{}\": numbers go from 0 to {}", text, last_realtime), EINVAL);
  }
  const std::string whole = upper(text);
  const std::string_view name = std::string_view(whole).substr(whole.starts_with("SIG") ? 3 : 0);
  if (const auto value = realtime(name)) return *value;
  const auto* known = std::ranges::find(names, name, &Name::name);
  if (known != std::end(names)) return known->number;
  return refuse(
      fmt::format("unknown signal \"{}\": wanted is a name such as TERM or SIGTERM, or a number", text),
      EINVAL);
}

}  // namespace lodger::container
