#include "runtime/launch/id_helpers.hpp"

#include <fmt/core.h>

#include "kernel/file.hpp"
#include "runtime/hooks/child.hpp"

namespace lodger::launch {
namespace {

constexpr int patience = 30;  // s: the lists may come over a network

Outcome<> check_helper(const IdHelper& helper, const std::vector<spec::IdMapping>& map,
                       const plan::Caller& caller) {
  if (map.empty() || caller.administrator || plan::maps_only(map, caller.*helper.own)) return {};
  const auto there = kernel::faccessat(kernel::cwd, helper.program, X_OK);
  if (there) return {};
  auto failure = explain(fmt::format("linux.{}: {}", helper.property, helper.program), there.error());
  failure.text += fmt::format(
      " (an ordinary user maps more than the own id {} with this program alone; Debian has it in the package "
      "uidmap)",
      caller.*helper.own);
  return std::unexpected(std::move(failure));
}

/// subuid(5): "owner:first:count", where the owner may be a number.
std::string lines_for(const IdHelper& helper, const std::vector<spec::IdMapping>& map,
                      const plan::Caller& caller) {
  std::string lines;
  for (const auto& [inside, outside, size] : map) {
    if (outside == caller.*helper.own && size == 1) continue;
    lines += fmt::format("{}\"{}:{}:{}\"", lines.empty() ? "" : ", ", caller.uid, outside, size);
  }
  return lines;
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

}  // namespace

Outcome<> check_helpers(const spec::Linux& linux, const plan::Caller& caller) {
  TRY(check_helper(user_helper, linux.uid_mappings, caller));
  return check_helper(group_helper, linux.gid_mappings, caller);
}

Outcome<> map_by_helper(const IdHelper& helper, pid_t pid, const std::vector<spec::IdMapping>& map,
                        const plan::Caller& caller) {
  spec::Hook call;
  call.path = helper.program;
  call.args = {helper.program, std::to_string(pid)};
  for (const auto& [inside, outside, size] : map)
    for (const auto number : {inside, outside, size}) call.args.push_back(std::to_string(number));
  const auto doing = fmt::format("linux.{}: {}", helper.property, helper.program);
  const auto child = TRY(explained(hooks::start(call, ""), doing));
  const auto end = TRY(explained(hooks::finish(child, patience), doing));
  if (!end.ended) return refuse(fmt::format("{}: did not end within {} s", doing, patience), ETIMEDOUT);
  if (end.ended->code == CLD_EXITED && end.ended->status == 0) return {};
  return refuse(fmt::format("{}: {} (this needs {} in {})", doing,
                            end.tail.empty() ? "failed without a word" : first_line(end.tail),
                            lines_for(helper, map, caller), helper.list),
                EPERM);
}

}  // namespace lodger::launch
