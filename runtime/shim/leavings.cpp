#include "runtime/shim/leavings.hpp"

#include <fmt/core.h>

#include "kernel/file.hpp"
#include "runtime/container/source.hpp"
#include "spec/text.hpp"

namespace lodger::shim {
namespace {

std::string root_file(const std::string& bundle) { return bundle + "/lodger.root"; }
std::string exit_file(const std::string& bundle) { return bundle + "/lodger.exit"; }

Outcome<> write(const std::string& name, std::string_view text) {
  return explained(kernel::replace_file(kernel::cwd, name.c_str(), text), name);
}

/// Nothing where there is none.
Outcome<std::optional<std::string>> read(const std::string& name) {
  auto text = container::read_file(name);
  if (!text && text.error().code == ENOENT) return std::nullopt;
  if (!text) return std::unexpected(text.error());
  return std::move(*text);
}

/// As leave_exit() writes it: replaced whole, so that it cannot be half of one. Of this very process.
std::optional<Exit> parse_exit(std::string_view text, pid_t pid) {
  if (spec::whole_number<pid_t>(spec::cut(text, ' ')) != pid) return std::nullopt;
  const auto status = spec::whole_number<std::uint32_t>(spec::cut(text, ' '));
  const auto seconds = spec::whole_number<std::int64_t>(spec::cut(text, ' '));
  const auto nanoseconds = spec::whole_number<std::int32_t>(text);
  if (!status || !seconds || !nanoseconds) return std::nullopt;
  return Exit{*status, {*seconds, *nanoseconds}};
}

}  // namespace

Outcome<> leave_address(const std::string& bundle, const std::string& socket) {
  return write(bundle + "/address", "unix://" + socket);
}

Outcome<> leave_state_root(const std::string& bundle, const std::string& state_root) {
  return write(root_file(bundle), state_root);
}

std::string pid_file(const std::string& bundle) { return bundle + "/init.pid"; }

Outcome<> leave_exit(const std::string& bundle, pid_t pid, const Exit& exit) {
  return write(exit_file(bundle),
               fmt::format("{} {} {} {}", pid, exit.status, exit.at.seconds, exit.at.nanos));
}

Outcome<std::optional<Leavings>> read_leavings(const std::string& bundle) {
  auto root = TRY(read(root_file(bundle)));
  if (!root) return std::nullopt;
  Leavings left{std::move(*root), 0, {}};
  if (const auto pid = TRY(read(pid_file(bundle)))) left.pid = spec::whole_number<pid_t>(*pid).value_or(0);
  if (const auto exit = TRY(read(exit_file(bundle)))) left.exit = parse_exit(*exit, left.pid);
  return left;
}

}  // namespace lodger::shim
