#include "runtime/container/trace.hpp"

#include <fmt/core.h>

#include "kernel/scheduling.hpp"
#include "runtime/plan/namespace_types.hpp"

namespace lodger::container::trace {
namespace {

std::string namespaces_of(const spec::Config& config) {
  std::string names;
  for (const auto& entry : config.linux->namespaces)
    names +=
        fmt::format(" {}{}{}", plan::words_of(entry.type).name, entry.path.empty() ? "" : "=", entry.path);
  return names.empty() ? " none" : names;
}

/// As one number, the way taskset(1) writes it.
std::string affinity_of(pid_t pid) {
  std::uint64_t room[128];  // CONFIG_NR_CPUS ends at 8192
  const auto mask = kernel::affinity(pid, room);
  if (!mask) return "unknown";
  std::string text;
  for (std::size_t i = mask->size(); i-- > 0;)
    if (!text.empty() || (*mask)[i] || i == 0)
      text += text.empty() ? fmt::format("{:#x}", (*mask)[i]) : fmt::format("{:016x}", (*mask)[i]);
  return text;
}

}  // namespace

void made(const Notices& notices, const spec::Config& config, const Record& record) {
  if (!notices.traced()) return;
  notices.step(fmt::format("nsexec container setup: init is process {}; namespaces:{}; cgroup: {}",
                           record.pid, namespaces_of(config),
                           record.cgroup.path.empty() ? "none" : record.cgroup.path));
  notices.step(fmt::format("child process in init(): root {}, {} mounts; waits for its start", record.rootfs,
                           config.mounts.size()));
}

void born(const Notices& notices, pid_t pid, const Record& record) {
  if (!notices.traced()) return;
  notices.step(fmt::format("nsexec container setup: process {} joins process {}", pid, record.pid));
  notices.step(fmt::format("nsexec[{}]: affinity: {}", pid, affinity_of(pid)));
}

void joined(const Notices& notices, pid_t pid, const spec::Process& process) {
  if (!notices.traced()) return;
  notices.step(fmt::format("child process in init(): process {} is in the container", pid));
  notices.step(fmt::format("setns_init: about to exec {}", process.args.front()));
}

void started(const Notices& notices, const spec::Process& process) {
  if (!notices.traced()) return;
  notices.step(fmt::format("init: closing the pipe to signal completion: {} runs", process.args.front()));
}

}  // namespace lodger::container::trace
