// From exec's flags, or its file, to the process.
#include <fmt/core.h>

#include <algorithm>

#include "runtime/container/exec.hpp"
#include "spec/parse.hpp"
#include "spec/text.hpp"

namespace lodger::container {
namespace {

Outcome<unsigned> parse_id(std::string_view flag, std::string_view text) {
  const auto id = spec::whole_number<unsigned>(text);
  if (!id || *id == ~0U)
    return refuse(fmt::format("--{} \"{}\": wanted is a number from 0 to 4294967294; names are not looked up",
                              flag, text),
                  EINVAL);
  return *id;
}

void add_once(std::vector<std::string>& set, const std::string& capability) {
  if (std::ranges::find(set, capability) == set.end()) set.push_back(capability);
}

/// Never into the inheritable set, which outlives an exec of anything (CVE-2022-29162), and into the ambient
/// set only where the container has it inheritable: without, the kernel would not have it.
void add_capabilities(spec::Process& process, const std::vector<std::string>& names) {
  if (names.empty()) return;
  if (!process.capabilities) process.capabilities.emplace();
  auto& sets = *process.capabilities;
  for (const auto& name : names) {
    for (auto* set : {&sets.bounding, &sets.effective, &sets.permitted}) add_once(*set, name);
    if (std::ranges::find(sets.inheritable, name) != sets.inheritable.end()) add_once(sets.ambient, name);
  }
}

Outcome<> set_user(spec::Process& process, const ExecRequest& request) {
  if (request.user) {
    const auto ids = TRY(parse_user(*request.user));
    process.user.uid = ids.uid;
    if (ids.gid) process.user.gid = *ids.gid;
  }
  for (const auto& group : request.groups)
    process.user.additional_gids.push_back(TRY(parse_id("additional-gids", group)));
  return {};
}

}  // namespace

Outcome<UserIds> parse_user(std::string_view text) {
  UserIds ids;
  const auto colon = text.find(':');
  ids.uid = TRY(parse_id("user", text.substr(0, colon)));
  if (colon != text.npos) ids.gid = TRY(parse_id("user", text.substr(colon + 1)));
  return ids;
}

Outcome<spec::Process> process_for(const spec::Config& config, const ExecRequest& request,
                                   const Notices& notices) {
  if (request.process) {
    std::vector<std::string> remarks;
    auto process = TRY(spec::parse_process(*request.process, &remarks));
    for (const auto& remark : remarks) notices(remark);
    // A property of the container that only stands in its process: config.md, "execCPUAffinity".
    if (!process.exec_cpu_affinity && config.process)
      process.exec_cpu_affinity = config.process->exec_cpu_affinity;
    return process;
  }
  auto process = config.process.value_or(spec::Process{});
  process.args = request.args;
  process.terminal = request.terminal;
  process.console_size.reset();
  if (!request.cwd.empty()) process.cwd = request.cwd;
  if (process.cwd.empty()) process.cwd = "/";
  if (!request.apparmor.empty()) process.apparmor_profile = request.apparmor;
  if (!request.process_label.empty()) process.selinux_label = request.process_label;
  process.no_new_privileges |= request.no_new_privileges;
  process.env.insert(process.env.end(), request.env.begin(), request.env.end());
  add_capabilities(process, request.capabilities);
  TRY(set_user(process, request));
  return process;
}

}  // namespace lodger::container
